"""Another segmentation as guidance: its labels matched to the clusters of a network by overlap."""

from typing import Any

import numpy as np
import numpy.typing as npt


def match_clusters(overlaps: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.int64]:
    """Match each label of a guidance to a cluster of the network.

    Labels and clusters are matched one to one, so that their overlaps are the largest in sum. A
    label that is left without a cluster, or with one that it does not overlap, takes the one
    that most of its pixels have.

    The idea of guiding soft pseudo-labels by a matched label map is that of DynaGuide (2025).

    Parameters
    ----------
    overlaps
        How many pixels each label (row) shares with each cluster (column), (K, q).

    Returns
    -------
    numpy.ndarray
        (K,), the cluster of each label, 0…q-1.

    Examples
    --------
    Most of both labels is in the first cluster, but the second one has more of another.

    >>> match_clusters(np.array([[8, 1, 0], [9, 4, 0]]))
    array([0, 1])

    A third label finds no cluster of its own left.

    >>> match_clusters(np.array([[8, 1, 0], [9, 4, 0], [2, 1, 0]]))
    array([0, 1, 0])
    """
    from scipy.optimize import linear_sum_assignment

    matched: npt.NDArray[np.int64] = overlaps.argmax(axis=1).astype(np.int64)
    labels, clusters = linear_sum_assignment(overlaps, maximize=True)
    do_overlap = overlaps[labels, clusters] > 0
    matched[labels[do_overlap]] = clusters[do_overlap]
    return matched
