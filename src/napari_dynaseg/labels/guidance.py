"""Another segmentation as guidance: its labels matched to the clusters of a network by overlap."""

import numpy as np
import numpy.typing as npt

from napari_dynaseg.labels.numbering import Integers


def match_clusters(overlaps: Integers, free: Integers) -> npt.NDArray[np.int64]:
    """Match the clusters of the network to the labels of a guidance.

    Labels and clusters are first matched one to one, so that their overlaps are the largest in
    sum: so each label has a cluster, as far as there are clusters that it overlaps. Each further
    cluster belongs to the label that has most of it, or to none if most of it has no guidance. A
    pixel whose cluster belongs to its label may stay as it is, and with it the detail that the
    guidance lacks; any other pixel is drawn to the cluster matched to its label. A label without
    one draws its pixels to the cluster that most of them have.

    The idea of guiding soft pseudo-labels by a matched label map is that of DynaGuide (2025).

    Parameters
    ----------
    overlaps
        How many pixels each label (row) shares with each cluster (column), (K, q).
    free
        How many pixels of each cluster have no guidance, (q,).

    Returns
    -------
    numpy.ndarray
        (K, q), the cluster, 0…q-1, that a pixel of a label (row) and a cluster (column) is drawn
        to; the column itself where it may stay.

    Examples
    --------
    Most of both labels is in the first cluster, but the second label has most of the others: its
    pixels stay in these, and are drawn out of the first.

    >>> match_clusters(np.array([[8, 1, 1], [9, 4, 3]]), np.zeros(3))
    array([[0, 0, 0],
           [1, 1, 2]])

    A third label finds no cluster of its own left.

    >>> match_clusters(np.array([[8, 1], [9, 4], [2, 1]]), np.zeros(2))
    array([[0, 0],
           [1, 1],
           [0, 0]])
    """
    from scipy.optimize import linear_sum_assignment

    matched, owners = overlaps.argmax(axis=1), np.vstack([overlaps, free]).argmax(axis=0)
    labels, clusters = linear_sum_assignment(overlaps, maximize=True)
    do_overlap = overlaps[labels, clusters] > 0
    matched[labels[do_overlap]] = clusters[do_overlap]
    owners[clusters[do_overlap]] = labels[do_overlap]
    numbers, columns = np.indices(overlaps.shape)
    wanted: npt.NDArray[np.int64] = np.where(owners == numbers, columns, matched[:, None])
    return wanted
