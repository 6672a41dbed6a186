"""Which pixels of a label map make one region: a connected part of a label, in any dimension."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from napari_dynaseg.errors import EditError
from napari_dynaseg.labels.numbering import Integers, LabelMap, Mask

Points = Sequence[Sequence[int]]
Box = tuple[slice, ...]

# scikit-image finds the parts of labels in so many dimensions, and no more.
MOST_DIMENSIONS = 3


@dataclass(frozen=True, eq=False)
class Regions:
    """The regions of a label map; pixels that touch by an edge or a face belong together.

    Parameters
    ----------
    map
        The number of each pixel's region, 1…n; 0 where the label is 0.
    labels
        int32, (n + 1,): the label of each region; entry 0 is 0.
    """

    map: Integers
    labels: LabelMap

    @property
    def sizes(self) -> Integers:
        """Pixels of each region, (n + 1,)."""
        return np.bincount(self.map.ravel(), minlength=len(self.labels))

    def iterate(self) -> Iterator[tuple[int, Box]]:
        """Give the number of each region and the box around it, one pixel wider on all sides."""
        from scipy.ndimage import find_objects

        for number, box in enumerate(find_objects(self.map), start=1):
            yield number, tuple(slice(max(part.start - 1, 0), part.stop + 1) for part in box)


def find_regions(labels: LabelMap) -> Regions:
    """Find the regions of a label map.

    Parameters
    ----------
    labels
        int32, any shape; 0 belongs to no region.

    Examples
    --------
    >>> find_regions(np.array([[5, 0, 5, 3]], np.int32)).labels
    array([0, 5, 5, 3], dtype=int32)
    """
    numbered = _number_parts(labels)
    table = np.zeros(int(numbered.max(initial=0)) + 1, np.int32)
    table[numbered] = labels
    return Regions(numbered, table)


def _number_parts(labels: LabelMap) -> Integers:
    from skimage.measure import label

    compact = np.atleast_1d(labels.squeeze())
    if compact.ndim <= MOST_DIMENSIONS:
        parts: Integers = label(compact, background=0, connectivity=1)
    else:
        parts = _join_along_first_axis(compact)
    return parts.reshape(labels.shape)


def _join_along_first_axis(labels: LabelMap) -> Integers:
    """Number the parts of each entry of the first axis, then join those that touch."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    parts = np.zeros(labels.shape, np.int64)
    count = 0
    for entry, target in zip(labels, parts, strict=True):
        found = _number_parts(entry)
        target[...] = np.where(found, found + count, 0)
        count += int(found.max(initial=0))
    touch = (labels[1:] == labels[:-1]) & (labels[1:] != 0)
    edges = list_pairs(parts[:-1][touch], parts[1:][touch])
    graph = coo_array((np.ones(edges.shape[1], bool), tuple(edges)), (count + 1, count + 1))
    joined = connected_components(graph, directed=False)[1] + 1
    joined[0] = 0
    # Some numbers may be missing now; region numbers leave no gap.
    _, numbers = np.unique(joined, return_inverse=True)
    return np.asarray(numbers)[parts]


def list_pairs(one: Integers, other: Integers) -> Integers:
    """List the pairs of numbers that two maps have at some pixel, once each, (2, pairs)."""
    width = int(other.max(initial=0)) + 1
    pairs = one.ravel() * np.int64(width) + other.ravel()
    # Neighbours are mostly alike, and what is left sorts much faster.
    changes = np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]
    return np.stack(np.divmod(np.unique(pairs[changes]), width))


def select_regions(labels: LabelMap, points: Points) -> Mask:
    """Select the regions under some points; points on label 0 select nothing.

    Parameters
    ----------
    labels
        int32, any shape.
    points
        Each the index of a pixel.

    Returns
    -------
    numpy.ndarray
        bool, the shape of the labels.

    Raises
    ------
    EditError
        If a point lies outside.
    """
    from skimage.segmentation import flood

    selected: Mask = np.zeros(labels.shape, bool)
    for index in check_points(points, labels.shape):
        if labels[index] != 0 and not selected[index]:
            selected[flood(labels, index, connectivity=1)] = True
    return selected


def trace_line(corners: Points, shape: Sequence[int]) -> list[tuple[int, ...]]:
    """List the pixels under a line through some points, in order; what lies outside is left out.

    Parameters
    ----------
    corners
        At least one pixel index, inside or not.
    shape
        Of the label map.

    Examples
    --------
    >>> trace_line([(0, 0), (0, 2), (5, 2)], (2, 4))
    [(0, 0), (0, 1), (0, 2), (1, 2)]
    """
    from skimage.draw import line_nd

    pixels = [tuple(corners[0])]
    for start, stop in pairwise(corners):
        pixels += zip(*(axis.tolist() for axis in line_nd(start, stop, endpoint=True)), strict=True)
    inside = (pixel for pixel in pixels if _is_inside(pixel, shape))
    return list(dict.fromkeys(inside))


def check_points(points: Points, shape: Sequence[int]) -> list[tuple[int, ...]]:
    """Turn points into pixel indices.

    Raises
    ------
    EditError
        If one lies outside.
    """
    indices = [tuple(int(at) for at in point) for point in points]
    for index in indices:
        if not _is_inside(index, shape):
            raise EditError(f"expected a point inside a map of shape {tuple(shape)}; got {index}")
    return indices


def _is_inside(point: Sequence[int], shape: Sequence[int]) -> bool:
    return len(point) == len(shape) and all(
        0 <= at < size for at, size in zip(point, shape, strict=True)
    )
