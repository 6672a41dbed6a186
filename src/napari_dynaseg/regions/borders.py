"""Which superpixels touch: how long their borders are, and how visible."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_dynaseg.engine.compiled import Sums, Values, compiled
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.regions.local_contrast import STEP

Numbers = npt.NDArray[np.int32]
# Regions of a plane touch no more often, by Euler's formula: three borders a region.
MOST_BORDERS = 3
# Two cues tell how visible a border is: the gradient, and the local contrast.
CUES = 2
NOTHING = -1


class Borders(NamedTuple):
    """The borders of superpixels, and what lies within them.

    Parameters
    ----------
    ends
        The two that touch, int32, (e, 2), each pair once.
    lengths
        How many pairs of pixels touch there, float64, (e,).
    contrasts
        The sums of the larger gradient and of the larger local contrast of each of these pairs,
        float64, (e, 2).
    sizes
        Pixels of each superpixel, float64, (n,).
    busyness
        The mean gradient and the mean local contrast of its pixels, float64, (n, 2).
    """

    ends: Numbers
    lengths: Sums
    contrasts: Sums
    sizes: Sums
    busyness: Sums


def measure_borders(superpixels: LabelMap, gradient: Values, local_contrast: Values) -> Borders:
    """Find the superpixels that touch, and measure their borders.

    Parameters
    ----------
    superpixels
        int32, (H, W), connected, numbered from 0.
    gradient
        float32, (H, W).
    local_contrast
        float32, of every `STEP` pixels of every `STEP` rows.
    """
    count = int(superpixels.max()) + 1
    most = MOST_BORDERS * count
    found = _Found(
        np.empty((most, 2), np.int32),
        np.zeros(most),
        np.zeros((most, CUES)),
        np.zeros(count),
        np.zeros((count, CUES)),
        np.full(count, NOTHING, np.int32),
        np.full(2 * most, NOTHING, np.int32),
        np.zeros(count, np.int32),
    )
    used = _collect(superpixels, gradient, local_contrast, found)
    return Borders(
        found.ends[:used],
        found.lengths[:used],
        found.contrasts[:used],
        found.sizes,
        found.busyness / found.sizes[:, None],
    )


class _Found(NamedTuple):
    """What `Borders` has, with room for more, and where each region's borders hang together.

    `heads` holds the first end of each region's borders, twice a border's number or one more,
    `nexts` the end after each, and `degrees` how many there are.
    """

    ends: Numbers
    lengths: Sums
    contrasts: Sums
    sizes: Sums
    busyness: Sums
    heads: Numbers
    nexts: Numbers
    degrees: Numbers


@compiled
def _collect(superpixels: Numbers, gradient: Values, local_contrast: Values, found: _Found) -> int:
    """Go through all pixels, and give the number of borders found."""
    used = 0
    height, width = superpixels.shape
    for row in range(height):
        for column in range(width):
            one = superpixels[row, column]
            here, local = gradient[row, column], local_contrast[row // STEP, column // STEP]
            found.sizes[one] += 1
            found.busyness[one, 0] += here
            found.busyness[one, 1] += local
            for side in range(2):
                y, x = row + side, column + 1 - side
                if y == height or x == width or superpixels[y, x] == one:
                    continue
                other = superpixels[y, x]
                border = find_border(found, one, other)
                if border == NOTHING:
                    border = used
                    used += 1
                    found.ends[border, 0], found.ends[border, 1] = one, other
                    add_to_list(found, one, 2 * border)
                    add_to_list(found, other, 2 * border + 1)
                found.lengths[border] += 1
                found.contrasts[border, 0] += max(here, gradient[y, x])
                found.contrasts[border, 1] += max(local, local_contrast[y // STEP, x // STEP])
    return used


@compiled
def add_to_list(graph: Any, region: int, end: int) -> None:
    """Add an end of a border to the list of the region there; the graph is as `_Found`."""
    graph.nexts[end] = graph.heads[region]
    graph.heads[region] = end
    graph.degrees[region] += 1


@compiled
def find_border(graph: Any, one: int, other: int) -> int:
    """Find the border of two regions in the shorter of their lists; those of length 0 leave it.

    Of two neighbours in a plane nearly always one has few, so that this takes no longer where a
    background has thousands.
    """
    if graph.degrees[one] > graph.degrees[other]:
        one, other = other, one
    previous, end = NOTHING, graph.heads[one]
    while end != NOTHING:
        border: int = end // 2
        after = graph.nexts[end]
        if graph.lengths[border] == 0:
            bridge(graph, one, previous, after)
        elif graph.ends[border, 1 - end % 2] == other:
            return border
        else:
            previous = end
        end = after
    return NOTHING


@compiled
def bridge(graph: Any, region: int, previous: int, after: int) -> None:
    """Take what lies between two ends out of a region's list."""
    if previous == NOTHING:
        graph.heads[region] = after
    else:
        graph.nexts[previous] = after
