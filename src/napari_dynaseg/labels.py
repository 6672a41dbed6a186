"""Label maps: numbering their labels, and keeping the numbers with their regions."""

import numpy as np
import numpy.typing as npt

LabelMap = npt.NDArray[np.int32]


def number_by_size(labels: npt.NDArray[np.integer]) -> LabelMap:
    """Number the labels 1…K, the label with most pixels first.

    Parameters
    ----------
    labels
        Any integers, any shape; every different value is a label.

    Returns
    -------
    numpy.ndarray
        int32, same shape; 0 does not occur. Of two labels of one size the one with the lower
        old number comes first.

    Examples
    --------
    >>> number_by_size(np.array([[7, 7, 2]]))
    array([[1, 1, 2]], dtype=int32)
    """
    _, position, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), dtype=np.int32)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(1, len(sizes) + 1)
    return rank[position].reshape(labels.shape)


def match_labels(labels: LabelMap, previous: LabelMap) -> LabelMap:
    """Renumber a label map so that each region keeps the number it had before.

    Labels are paired one to one so that the paired regions share most pixels (the assignment
    problem). A label without a partner takes the lowest number that is free.

    Parameters
    ----------
    labels
        The new label map, numbers ≥ 0.
    previous
        The label map before it, same shape, numbers ≥ 0.

    Returns
    -------
    numpy.ndarray
        int32, the regions of `labels` under the numbers of `previous`.

    Examples
    --------
    >>> match_labels(np.array([[5, 5, 9]], np.int32), np.array([[1, 1, 2]], np.int32))
    array([[1, 1, 2]], dtype=int32)
    """
    # Imported here: it takes as long to load as the rest of the panel together.
    from scipy.optimize import linear_sum_assignment

    new, old, overlap = _count_overlap(labels, previous)
    rows, columns = linear_sum_assignment(overlap, maximize=True)
    shared = overlap[rows, columns] > 0
    renumber = dict(zip(new[rows[shared]].tolist(), old[columns[shared]].tolist(), strict=True))
    taken = set(old.tolist())
    free = (number for number in range(1, len(taken) + len(new) + 1) if number not in taken)
    table = np.zeros(int(new[-1]) + 1, dtype=np.int32)
    for number in new.tolist():
        table[number] = renumber[number] if number in renumber else next(free)
    return table[labels]


def follow_labels(labels: LabelMap, previous: LabelMap | None) -> LabelMap:
    """Number a run's next label map: by size at first, then with the numbers of its regions.

    Parameters
    ----------
    labels
        The label map of an iteration.
    previous
        What this function gave for the iteration before, `None` at the first.
    """
    return number_by_size(labels) if previous is None else match_labels(labels, previous)


def _count_overlap(
    labels: LabelMap, previous: LabelMap
) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.integer], npt.NDArray[np.integer]]:
    """Count the pixels that each pair of labels shares: (new labels, old labels, counts)."""
    width = int(previous.max()) + 1
    height = int(labels.max()) + 1
    pair = labels.ravel().astype(np.int64) * width + previous.ravel()
    counts = np.bincount(pair, minlength=height * width).reshape(height, width)
    new, old = np.flatnonzero(counts.sum(axis=1)), np.flatnonzero(counts.sum(axis=0))
    return new, old, counts[np.ix_(new, old)]
