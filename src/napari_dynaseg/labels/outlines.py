"""Edits that move the outlines of regions: fill holes, smooth, grow, shrink.

Their common arguments are those of `napari_dynaseg.labels.edits`.
"""

import numpy as np

from napari_dynaseg.labels.components import Regions, find_regions, list_pairs
from napari_dynaseg.labels.numbering import LabelMap, Mask, number_by_size
from napari_dynaseg.labels.scope import EVERYWHERE, Scope

# How far a Gaussian is followed, in its standard deviations.
REACH = 4


def fill_holes(labels: LabelMap, scope: Scope = EVERYWHERE) -> LabelMap:
    """Let each chosen region take what it encloses, unless that is chosen as well.

    With all labels chosen only label 0 is filled; a single one takes the labels that it encloses.

    Examples
    --------
    >>> ring = np.array([[3, 3, 3], [3, 0, 3], [3, 3, 3]], np.int32)
    >>> fill_holes(ring)
    array([[3, 3, 3],
           [3, 3, 3],
           [3, 3, 3]], dtype=int32)
    """
    from scipy.ndimage import binary_fill_holes

    pixels = scope.choose(labels)
    regions = find_regions(np.where(pixels, labels, 0))
    filled = labels.copy()
    # The larger first, so that of two regions around a hole the inner one takes it.
    boxes = sorted(regions.iterate(), key=lambda found: -filled[found[1]].size)
    for number, box in boxes:
        region = regions.map[box] == number
        # Through an axis of one entry every hole would be open.
        enclosed = binary_fill_holes(region.squeeze()).reshape(region.shape) & ~pixels[box]
        filled[box][enclosed] = regions.labels[number]
    return scope.limit(labels, filled)


def grow(labels: LabelMap, radius: float, scope: Scope = EVERYWHERE) -> LabelMap:
    """Let the chosen regions take all that is not chosen within a radius.

    Parameters
    ----------
    labels, scope
        See the module.
    radius
        In pixels.

    Examples
    --------
    >>> grow(np.array([[0, 0, 5, 0, 0]], np.int32), 1)
    array([[0, 5, 5, 5, 0]], dtype=int32)
    """
    from scipy.ndimage import distance_transform_edt

    pixels = scope.choose(labels)
    if not pixels.any():
        return labels.copy()
    distance, nearest = distance_transform_edt(~pixels, return_indices=True)
    grown = np.where(distance <= radius, labels[tuple(nearest)], labels)
    return scope.limit(labels, grown)


def shrink(labels: LabelMap, radius: float, scope: Scope = EVERYWHERE) -> LabelMap:
    """Take a margin off the chosen regions; the neighbour gets it, or 0 between chosen ones.

    Parameters
    ----------
    labels, scope
        See the module.
    radius
        In pixels. The border of the image is no outline.

    Examples
    --------
    >>> labels = np.array([[5, 5, 5, 8, 8, 8]], np.int32)
    >>> shrink(labels, 1, Scope(labels == 5))
    array([[5, 5, 8, 8, 8, 8]], dtype=int32)
    >>> shrink(labels, 1)
    array([[5, 5, 0, 0, 8, 8]], dtype=int32)
    """
    from scipy.ndimage import distance_transform_edt

    pixels = scope.choose(labels)
    regions = find_regions(np.where(pixels, labels, 0))
    remaining = np.where(pixels, 0, labels)
    shrunk = labels.copy()
    for number, box in regions.iterate():
        own = labels[box] == regions.labels[number]
        if own.all():
            continue
        distance, nearest = distance_transform_edt(own, return_indices=True)
        margin = (regions.map[box] == number) & (distance <= radius)
        shrunk[box][margin] = remaining[box][tuple(nearest)][margin]
    return scope.limit(labels, shrunk)


def smooth(labels: LabelMap, radius: float, scope: Scope = EVERYWHERE) -> LabelMap:
    """Smooth the outlines of the chosen regions: each pixel takes the label prevailing near it.

    No region vanishes, breaks apart or appears: where one would, its pixels stay as they were.

    Parameters
    ----------
    labels, scope
        See the module; here label 0 is a label as any other.
    radius
        In pixels; pixels count by a Gaussian of half of it.
    """
    from scipy.ndimage import distance_transform_edt

    pixels = scope.choose(labels)
    if not pixels.any():
        return labels.copy()
    smoothed = _find_prevailing(labels, radius / 2)
    is_gain = np.isin(smoothed, np.unique(labels[pixels]))
    is_gain &= distance_transform_edt(~pixels) <= radius
    smoothed = scope.limit(labels, np.where(pixels | is_gain, smoothed, labels))
    return _keep_topology(labels, smoothed)


def _find_prevailing(labels: LabelMap, sigma: float) -> LabelMap:
    """Find the label that prevails around each pixel; a pixel's own wins where it is close."""
    from scipy.ndimage import find_objects, gaussian_filter

    compact = number_by_size(labels)
    numbers = np.zeros(int(compact.max()) + 1, np.int32)
    numbers[compact] = labels
    prevailing, most = labels.copy(), np.zeros(labels.shape, np.float32)
    own = np.zeros(labels.shape, np.float32)
    margin = int(np.ceil(REACH * sigma))
    for number, tight in enumerate(find_objects(compact), start=1):
        box = tuple(slice(max(part.start - margin, 0), part.stop + margin) for part in tight)
        mask = compact[box] == number
        weight = gaussian_filter(mask.astype(np.float32), sigma, mode="nearest", truncate=REACH)
        own[box][mask] = weight[mask]
        wins = weight > most[box]
        prevailing[box][wins] = numbers[number]
        most[box][wins] = weight[wins]
    return np.where(most > own + 1e-6, prevailing, labels)


def _keep_topology(before: LabelMap, after: LabelMap) -> LabelMap:
    """Take changes back until each region before is in one piece, and there is no other."""
    # Label 0 has regions too, here.
    void = EVERYWHERE.number(before, 1)[0]
    before = np.where(before == 0, void, before)
    after = np.where(after == 0, void, after)
    old = find_regions(before)
    while (broken := _find_broken(old, find_regions(after), before == after)).any():
        after = np.where(broken, before, after)
    return np.where(after == void, np.int32(0), after)


def _find_broken(old: Regions, new: Regions, kept: Mask) -> Mask:
    """Find the old regions not in one piece, and the new ones that are a piece of none."""
    pairs = list_pairs(old.map[kept], new.map[kept])
    pieces = np.bincount(pairs[0], minlength=len(old.labels))
    origins = np.bincount(pairs[1], minlength=len(new.labels))
    broken: Mask = (pieces != 1)[old.map] | (origins == 0)[new.map]
    return broken
