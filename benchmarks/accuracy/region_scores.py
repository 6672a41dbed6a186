"""Region scores of Arbeláez et al. 2011, section 3.2, from the pixels that segments share."""

import numpy as np
import numpy.typing as npt

# For each true segment (rows) and each predicted one (columns) how many pixels they share.
Table = npt.NDArray[np.int64]


def measure_rand_index(shared: Table) -> float:
    """Measure the share of pixel pairs that both maps join, or both part (Rand 1971).

    The mean over the people who drew an image is its probabilistic Rand index (Unnikrishnan,
    Pantofaru and Hebert 2007).

    Examples
    --------
    >>> measure_rand_index(np.array([[1, 1]]))  # one pair: joined by the truth, parted by labels
    0.0
    """
    counts = shared.astype(np.float64)
    pixels = counts.sum()
    joined = [_sum_squares(part) for part in (counts.sum(axis=0), counts.sum(axis=1), counts)]
    pairs = pixels * (pixels - 1) / 2
    return float(1 - ((joined[0] + joined[1]) / 2 - joined[2]) / pairs)


def measure_variation(shared: Table) -> float:
    """Measure the variation of information in bits (Meilă 2007): 0 for equal maps.

    Examples
    --------
    >>> measure_variation(np.array([[1, 1]]))
    1.0
    """
    counts = shared.astype(np.float64)
    truth, labels, both = (
        _measure_entropy(part) for part in (counts.sum(axis=1), counts.sum(axis=0), counts)
    )
    return float(2 * both - truth - labels)


def _sum_squares(counts: npt.NDArray[np.float64]) -> np.float64:
    squares: np.float64 = (counts**2).sum()
    return squares


def _measure_entropy(counts: npt.NDArray[np.float64]) -> np.float64:
    shares = counts[counts > 0] / counts.sum()
    entropy: np.float64 = -(shares * np.log2(shares)).sum()
    return entropy
