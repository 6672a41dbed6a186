"""Superpixels of a few pixels, which noise makes by the thousand, given to their neighbours."""

import numpy as np

from napari_dynaseg.engine.compiled import Values, compiled
from napari_dynaseg.labels.numbering import LabelMap

# Smaller superpixels are speckle: nobody wants to look at it, and nuclei and eyes are larger.
SPECKLE_PIXELS = 8


def absorb_speckle(superpixels: LabelMap, relief: Values) -> LabelMap:
    """Join each superpixel that is too small to the neighbour over the lowest pass between them.

    Parameters
    ----------
    superpixels
        int32, (H, W), connected, numbered from 0; changed in place.
    relief
        float32, (H, W).

    Returns
    -------
    numpy.ndarray
        The superpixels, none of fewer than `SPECKLE_PIXELS` pixels unless there is only one,
        numbered from 0 in the order of the first numbers within each.

    Examples
    --------
    >>> relief = np.array([[0, 0, 0, 0, 0, 0, 0, 0, 5, 4, 9, 1, 1, 1, 1, 1, 1, 1, 1]], np.float32)
    >>> superpixels = np.repeat(np.arange(3, dtype=np.int32), (8, 3, 8))[None]
    >>> absorb_speckle(superpixels, relief).tolist()
    [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]]
    """
    count = int(superpixels.max()) + 1
    regions, sizes = np.arange(count, dtype=np.int32), np.zeros(count, np.int32)
    passes, goals = np.empty(count, np.float32), np.empty(count, np.int32)
    _count_pixels(superpixels, sizes)
    joined = 1
    while joined:
        passes.fill(np.inf)
        _find_passes(superpixels, relief, regions, sizes, passes, goals)
        joined = _join(regions, sizes, passes, goals)
    _number(superpixels, regions)
    return superpixels


@compiled
def _count_pixels(superpixels: LabelMap, sizes: LabelMap) -> None:
    for row in range(superpixels.shape[0]):
        for column in range(superpixels.shape[1]):
            sizes[superpixels[row, column]] += 1


@compiled
def _find_passes(
    superpixels: LabelMap,
    relief: Values,
    regions: LabelMap,
    sizes: LabelMap,
    passes: Values,
    goals: LabelMap,
) -> None:
    """Find the lowest pass out of each region that is too small, and where it leads."""
    height, width = superpixels.shape
    for row in range(height):
        for column in range(width):
            one = regions[superpixels[row, column]]
            for side in range(2):
                y, x = row + side, column + 1 - side
                if y == height or x == width:
                    continue
                other = regions[superpixels[y, x]]
                if one == other:
                    continue
                between = max(relief[row, column], relief[y, x])
                if sizes[one] < SPECKLE_PIXELS and between < passes[one]:
                    passes[one], goals[one] = between, other
                if sizes[other] < SPECKLE_PIXELS and between < passes[other]:
                    passes[other], goals[other] = between, one


@compiled
def _join(regions: LabelMap, sizes: LabelMap, passes: Values, goals: LabelMap) -> int:
    """Join regions that are too small still, and give how many."""
    joined = 0
    for region in range(len(regions)):
        if passes[region] == np.inf:
            continue
        one, other = _find_region(regions, region), _find_region(regions, goals[region])
        if one != other and sizes[one] < SPECKLE_PIXELS:
            regions[one] = other
            sizes[other] += sizes[one]
            joined += 1
    for region in range(len(regions)):
        regions[region] = _find_region(regions, region)
    return joined


@compiled
def _find_region(regions: LabelMap, region: int) -> int:
    """Follow what a region was joined to, and shorten the way."""
    while regions[region] != region:
        regions[region] = regions[regions[region]]
        region = regions[region]
    return region


@compiled
def _number(superpixels: LabelMap, regions: LabelMap) -> None:
    """Number the regions without gaps, in place."""
    numbers = np.full(len(regions), -1, np.int32)
    found = 0
    for place in range(len(regions)):
        region = regions[place]
        if numbers[region] < 0:
            numbers[region] = found
            found += 1
    for row in range(superpixels.shape[0]):
        for column in range(superpixels.shape[1]):
            superpixels[row, column] = numbers[regions[superpixels[row, column]]]
