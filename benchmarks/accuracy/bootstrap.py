"""How sure a difference of two methods is: the images drawn anew, both methods on the same ones."""

import numpy as np
import numpy.typing as npt

RESAMPLES = 10_000


def bootstrap_difference(
    one: npt.NDArray[np.floating], other: npt.NDArray[np.floating]
) -> tuple[float, float]:
    """Give the ends of the 95 % interval of the difference of two pooled means.

    Parameters
    ----------
    one, other
        For each image the sum of its segments' scores and how many there are, (images, 2); the
        images in the same order.
    """
    draws = np.random.default_rng(0).integers(0, len(one), (RESAMPLES, len(one)))
    ratios = [part[draws].sum(axis=1) for part in (one, other)]
    differences = ratios[0][:, 0] / ratios[0][:, 1] - ratios[1][:, 0] / ratios[1][:, 1]
    low, high = np.percentile(differences, [2.5, 97.5])
    return float(low), float(high)
