"""Label maps: numbering their labels, and keeping the numbers with their regions."""

from collections.abc import Container, Iterator
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt

LabelMap = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.integer[Any]]

# Rows of a label map that are counted at a time: counting takes wider integers than the map.
ROWS_AT_A_TIME = 256
# Labels up to here are counted in a table; larger or negative numbers are sorted first.
LARGEST_IN_TABLE = 1 << 20


def freeze(label_map: LabelMap) -> LabelMap:
    """Make a label map read-only, and give it."""
    label_map.setflags(write=False)
    return label_map


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
    if labels.size and (labels.min() < 0 or labels.max() > LARGEST_IN_TABLE):
        _, labels = np.unique(labels, return_inverse=True)
    sizes = _count_labels(labels)
    used = np.flatnonzero(sizes)
    table = np.zeros(len(sizes), dtype=np.int32)
    table[used[np.argsort(-sizes[used], kind="stable")]] = np.arange(1, len(used) + 1)
    numbered: LabelMap = table[labels]
    return numbered


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
    free = list_free_numbers({*old.tolist()})
    table = np.zeros(int(new[-1]) + 1, dtype=np.int32)
    for number in new.tolist():
        table[number] = renumber[number] if number in renumber else next(free)
    return table[labels]


class RegionNumbers:
    """Numbers that stay with the regions of a run, from one iteration to the next.

    The first map that is followed is numbered by size.
    """

    def __init__(self) -> None:
        self._numbered: LabelMap | None = None
        self._table = np.zeros(1, dtype=np.int32)

    def follow(self, labels: LabelMap) -> None:
        """Settle the numbers of the next map of a run, from the numbers of the one before.

        Parameters
        ----------
        labels
            The label map of an iteration, as the network was trained on it, numbers ≥ 0.
        """
        previous = self._numbered
        numbered = number_by_size(labels) if previous is None else match_labels(labels, previous)
        self._table = np.zeros(int(labels.max()) + 1, dtype=np.int32)
        self._table[labels] = numbered
        self._numbered = numbered

    def apply(self, labels: LabelMap) -> LabelMap:
        """Give a map of the same labels the numbers of the map that was followed last.

        Parameters
        ----------
        labels
            That map, or the same network's on a finer plane, where more labels can occur:
            those take the lowest numbers that are free.
        """
        sizes = _count_labels(labels)
        return self._extend_table(len(sizes), np.flatnonzero(sizes))[labels]

    def freeze(self) -> "RegionNumbers":
        """Give the numbers as they are now, to apply later, without the map they came from."""
        frozen = RegionNumbers()
        frozen._table = self._table
        return frozen

    def list_all(self, channels: int) -> npt.NDArray[np.int32]:
        """Give the number of every label from 1 to the number of channels, in a table.

        Labels that do not occur take the lowest numbers that are free. Entry 0 is 0.
        """
        return self._extend_table(channels + 1, np.arange(1, channels + 1))

    def _extend_table(self, size: int, labels: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
        table = np.zeros(max(size, len(self._table)), dtype=np.int32)
        table[: len(self._table)] = self._table
        free = list_free_numbers(set(self._table.tolist()))
        for label in labels.tolist():
            if table[label] == 0:
                table[label] = next(free)
        return table


def list_free_numbers(taken: Container[int]) -> Iterator[int]:
    """List the numbers from 1 on that are not taken, without an end."""
    return (number for number in count(1) if number not in taken)


def count_labels(labels: npt.NDArray[np.integer]) -> int:
    """Count the labels of a map of any shape; 0 is none.

    Examples
    --------
    >>> count_labels(np.array([[0, 3, 3, 900]]))
    2
    """
    if labels.size and (labels.min() < 0 or labels.max() > LARGEST_IN_TABLE):
        return int(np.count_nonzero(np.unique(labels)))
    return int(np.count_nonzero(_count_labels(labels)[1:]))


def _count_labels(labels: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Count the pixels of each number from 0 on."""
    sizes = np.zeros(int(labels.max()) + 1 if labels.size else 0, dtype=np.int64)
    for start in range(0, len(labels), ROWS_AT_A_TIME):
        rows = labels[start : start + ROWS_AT_A_TIME]
        sizes += np.bincount(rows.ravel(), minlength=len(sizes))
    return sizes


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
