"""Which pixels of a label map make one region: a connected part of a label, in any dimension."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from napari_dynaseg.errors import EditError
from napari_dynaseg.labels.numbering import LabelMap

Mask = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.integer]
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


def choose_pixels(labels: LabelMap, chosen: Mask | None, locked: Collection[int]) -> Mask:
    """Settle which pixels an edit works on: those chosen, or all but 0; none of a locked label.

    Raises
    ------
    EditError
        If `chosen` has another shape.
    """
    _check_shape(labels, chosen)
    pixels: Mask = labels != 0
    if chosen is not None:
        pixels &= chosen
    if locked:
        pixels &= ~find_locked(labels, locked)
    return pixels


def find_locked(labels: LabelMap, locked: Collection[int]) -> Mask:
    """Find the pixels of locked labels."""
    found: Mask = np.isin(labels, list(locked))
    return found


def limit_change(
    labels: LabelMap, edited: LabelMap, where: Mask | None, locked: Collection[int]
) -> LabelMap:
    """Take over an edit where it is allowed.

    Parameters
    ----------
    labels
        The map before.
    edited
        The map after, which is not changed.
    where
        The only pixels that may change; by default all.
    locked
        Labels that neither lose nor gain a pixel.

    Raises
    ------
    EditError
        If `where` has another shape.
    """
    _check_shape(labels, where)
    allowed = labels != edited
    if where is not None:
        allowed &= where
    if locked:
        allowed &= ~find_locked(labels, locked) & ~find_locked(edited, locked)
    limited: LabelMap = np.where(allowed, edited, labels)
    return limited


def _check_shape(labels: LabelMap, mask: Mask | None) -> None:
    if mask is not None and mask.shape != labels.shape:
        raise EditError(f"expected a mask of shape {labels.shape}; got {mask.shape}")


def number_from(
    labels: LabelMap, count: int, above: int = 0, locked: Collection[int] = ()
) -> LabelMap:
    """Give numbers that are new to a map.

    Parameters
    ----------
    labels
        The map.
    count
        How many.
    above
        The highest number in use elsewhere.
    locked
        Numbers that are not to be used in any case.

    Raises
    ------
    EditError
        If int32 has no more numbers.
    """
    first = max(int(labels.max(initial=0)), above, *locked, 0) + 1
    if first + count - 1 > np.iinfo(np.int32).max:
        raise EditError("the labels are numbered too high for new ones; relabel them in sequence")
    return np.arange(first, first + count, dtype=np.int32)
