"""Edits that change which label a region has: merge, split, absorb, delete, renumber.

All take a label map of any dimension, int32, and give a new one. They share the argument `scope`,
which says what an edit works on and what limits it. They raise `EditError` if a mask has another
shape, or a number would not fit into int32.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from napari_dynaseg.labels.components import (
    Points,
    Regions,
    check_points,
    find_regions,
    select_regions,
)
from napari_dynaseg.labels.numbering import Integers, LabelMap, Mask
from napari_dynaseg.labels.scope import EVERYWHERE, Scope, find_locked


def merge_regions(labels: LabelMap, points: Points, scope: Scope = EVERYWHERE) -> LabelMap:
    """Give the regions under some points the label of the first of them.

    Parameters
    ----------
    labels, scope
        See the module.
    points
        Each the index of a pixel; those on label 0 do not count.

    Raises
    ------
    EditError
        If a point lies outside.

    Examples
    --------
    >>> merge_regions(np.array([[4, 7, 7, 4]], np.int32), [(0, 1), (0, 3)])
    array([[4, 7, 7, 7]], dtype=int32)
    """
    inside = [point for point in check_points(points, labels.shape) if labels[point] != 0]
    selected = select_regions(labels, inside)
    merged = np.where(selected, labels[inside[0]] if inside else 0, labels)
    return scope.limit(labels, merged)


def merge_labels(labels: LabelMap, numbers: Sequence[int], scope: Scope = EVERYWHERE) -> LabelMap:
    """Give all pixels of some labels the first of them.

    Examples
    --------
    >>> merge_labels(np.array([[4, 7, 5, 4]], np.int32), [4, 7])
    array([[4, 4, 5, 4]], dtype=int32)
    """
    merged = np.where(np.isin(labels, numbers), np.int32(numbers[0] if numbers else 0), labels)
    return scope.limit(labels, merged)


def delete(labels: LabelMap, scope: Scope = EVERYWHERE) -> LabelMap:
    """Set the chosen pixels to 0."""
    pixels = scope.choose(labels)
    return scope.limit(labels, np.where(pixels, np.int32(0), labels))


def split_into_parts(labels: LabelMap, scope: Scope = EVERYWHERE) -> LabelMap:
    """Make each connected part of a label a label of its own; the largest keeps the number.

    Examples
    --------
    >>> split_into_parts(np.array([[3, 3, 0, 3]], np.int32))
    array([[3, 3, 0, 4]], dtype=int32)
    """
    parts = find_regions(np.where(scope.choose(labels), labels, 0))
    split = _number_smaller(labels, parts, parts.labels, scope)
    return scope.limit(labels, split)


def split_touching(labels: LabelMap, distance: int, scope: Scope = EVERYWHERE) -> LabelMap:
    """Cut each chosen region at its narrow places; the largest piece keeps the number.

    Pieces are the basins of a watershed on the distance from the outline.

    Parameters
    ----------
    labels, scope
        See the module.
    distance
        The least distance between the middles of two pieces, in pixels.
    """
    regions = find_regions(np.where(scope.choose(labels), labels, 0))
    pieces = np.zeros_like(regions.map)
    origins = [np.zeros(1, np.int64)]
    count = 0
    for region, box in regions.iterate():
        if max(part.stop - part.start for part in box) <= distance + 2:
            continue  # too small for two middles, as most specks are
        found = cut_regions((regions.map[box] == region).astype(np.int32), distance)
        pieces[box][found > 0] = count + found[found > 0]
        origins.append(np.full(int(found.max()), region))
        count += int(found.max())
    origin = np.concatenate(origins)
    parts = Regions(pieces, regions.labels[origin])
    split = _number_smaller(labels, parts, origin, scope)
    return scope.limit(labels, split)


def cut_regions(regions: Integers, distance: int) -> Integers:
    """Cut regions at their narrow places, and number the pieces 1…n.

    Parameters
    ----------
    regions
        One number ≥ 1 a region, 0 elsewhere.
    distance
        The least distance between the middles of two pieces, in pixels.
    """
    from scipy.ndimage import distance_transform_edt
    from skimage.feature import peak_local_max
    from skimage.segmentation import watershed

    depth = distance_transform_edt(regions)
    middles = peak_local_max(depth, min_distance=distance, labels=regions, exclude_border=False)
    markers = np.zeros(regions.shape, np.int32)
    markers[tuple(middles.T)] = np.arange(1, len(middles) + 1)
    pieces: Integers = watershed(-depth, markers, mask=regions > 0)
    return pieces


def _number_smaller(labels: LabelMap, parts: Regions, groups: Integers, scope: Scope) -> LabelMap:
    """Give a new number to each part that is not the largest of its group and may change."""
    sizes = parts.sizes[1:]
    order = np.lexsort((-sizes, groups[1:]))
    _, largest = np.unique(groups[1:][order], return_index=True)
    smaller = np.sort(np.delete(order, largest)) + 1
    if scope.where is not None:
        smaller = smaller[np.isin(smaller, np.unique(parts.map[scope.where]))]
    table = parts.labels.copy()
    table[smaller] = scope.number(labels, len(smaller))
    return np.where(parts.map > 0, table[parts.map], labels)


def remove_specks(labels: LabelMap, size: int, scope: Scope = EVERYWHERE) -> LabelMap:
    """Give each region below a size the label of the neighbour that it touches most.

    Label 0 counts as a neighbour, and is no speck itself.

    Parameters
    ----------
    labels, scope
        See the module.
    size
        Regions of fewer pixels are specks.

    Examples
    --------
    >>> remove_specks(np.array([[1, 1, 1], [1, 5, 2], [2, 2, 2]], np.int32), 2)
    array([[1, 1, 1],
           [1, 1, 2],
           [2, 2, 2]], dtype=int32)
    """
    regions = find_regions(labels)
    pixels = scope.choose(labels)
    is_speck = np.isin(np.arange(len(regions.labels)), np.unique(regions.map[pixels]))
    is_speck &= regions.sizes < size
    is_speck[0] = False
    is_locked = find_locked(regions.labels, scope.locked)
    takers = _find_takers(_count_contacts(regions), regions.sizes, is_speck, is_locked)
    return scope.limit(labels, regions.labels[takers][regions.map])


def _count_contacts(regions: Regions) -> Any:
    """Count the edges or faces that each pair of regions shares, in a sparse matrix."""
    from scipy.sparse import csr_array

    count = len(regions.labels)
    contacts = csr_array((count, count), dtype=np.int64)
    for axis in range(regions.map.ndim):
        along = np.moveaxis(regions.map, axis, 0)
        touch = along[1:] != along[:-1]
        pairs = along[1:][touch], along[:-1][touch]
        contacts += csr_array((np.ones(len(pairs[0]), np.int64), pairs), (count, count))
    return csr_array(contacts + contacts.T)


def _find_takers(contacts: Any, sizes: Integers, is_speck: Mask, is_locked: Mask) -> Integers:
    """Find the region whose label each region takes: itself, unless it is a speck.

    Specks among specks wait until a neighbour is settled, and then count with their taker.
    """
    from scipy.sparse import csr_array

    takers = np.arange(len(sizes))
    pending = np.flatnonzero(is_speck)
    settled = ~is_speck & ~is_locked
    while len(pending):
        columns = np.flatnonzero(settled)
        entries = np.ones(len(columns), np.int64), (columns, takers[columns])
        shared = contacts[pending] @ csr_array(entries, contacts.shape)
        found = shared.max(axis=1).toarray().ravel() > 0
        takers[pending[found]] = np.asarray(shared.argmax(axis=1)).ravel()[found]
        if not found.any():  # specks alone touch each other: the largest takes them
            found = np.arange(len(pending)) == sizes[pending].argmax()
        settled[pending[found]] = True
        pending = pending[~found]
    return takers


def relabel_in_sequence(labels: LabelMap, scope: Scope = EVERYWHERE) -> LabelMap:
    """Number the labels 1, 2, 3 … in the order of their numbers; 0 stays.

    Numbers of locked labels, and of those that remain outside of where it may change, are left out.

    Examples
    --------
    >>> relabel_in_sequence(np.array([[0, 9, 4, 4]], np.int32))
    array([[0, 2, 1, 1]], dtype=int32)
    """
    movable = replace(scope, chosen=scope.where).choose(labels)
    numbers, indices = np.unique(labels[movable], return_inverse=True)
    taken = {*np.unique(labels[~movable]).tolist(), *scope.locked}
    free = np.arange(1, len(numbers) + len(taken) + 1, dtype=np.int32)
    free = free[~find_locked(free, taken)]
    relabelled = labels.copy()
    relabelled[movable] = free[indices]
    return relabelled


def make_objects(labels: LabelMap, scope: Scope = EVERYWHERE) -> LabelMap:
    """Make the chosen pixels the foreground, its connected parts objects, and the rest 0.

    Parameters
    ----------
    labels, scope
        See the module; chosen clusters that touch make one object, and objects are numbered above
        what remains of the map.
    above

    Examples
    --------
    >>> labels = np.array([[1, 2, 3, 1, 2]], np.int32)
    >>> make_objects(labels, Scope(labels != 1))
    array([[0, 1, 1, 0, 2]], dtype=int32)
    """
    foreground = scope.choose(labels)
    kept = find_locked(labels, scope.locked)
    if scope.where is not None:
        foreground &= scope.where
        kept |= ~scope.where
    objects = find_regions(foreground.astype(np.int32))
    count = len(objects.labels) - 1
    numbers = scope.number(np.where(kept, labels, 0), count)
    table = np.append(np.int32(0), numbers)
    return np.where(kept, labels, table[objects.map])
