"""Regions merged two by two, the most alike first, in one compiled loop."""

import math
from typing import NamedTuple

import numpy as np

from napari_dynaseg.engine.compiled import Sums, Values, compiled, compiled_sum
from napari_dynaseg.regions.borders import (
    CUES,
    NOTHING,
    Borders,
    Numbers,
    add_to_list,
    bridge,
    find_border,
)

# All powers were chosen on training images of BSDS500.
# How a cost grows with the difference of both regions' histograms.
DISTANCE_POWER = 0.5
# How it grows with the gradient along their border, and with the local contrast there: less, as
# that is wide, and high beside a border as well. Of a border without any, so much is left.
CONTRAST_POWERS, LEAST_CONTRAST = (0.45, 0.2), 1e-4
# How it falls with the gradient within both regions, and with the local contrast: within foliage,
# both are high, and a border among many says little. Up to about so much of either is quiet.
BUSY_POWERS, QUIET = (0.2, 0.5), 0.2
# How it grows with the sizes of both: hardly, or small things would vanish in large.
SIZE_POWER = 0.045
# How it grows where two regions touch along a short part of their borders only.
BORDER_POWER = 0.17
# What a region's merges cost is reckoned anew when it has grown by this factor: a background that
# takes up thousands of superpixels hardly changes by one of them.
NOTABLE_GROWTH = 1.02


class Merges(NamedTuple):
    """The merges, in the order in which they are done.

    Parameters
    ----------
    kept, absorbed
        The larger and the smaller of the two regions of each, int32, (m,), of two of one size that
        of the lower number first; the number of the larger one stands for both afterwards.
    costs
        What each costs, float64, (m,); none is lower than one before it.
    """

    kept: Numbers
    absorbed: Numbers
    costs: Sums


def merge_regions(histograms: Values, borders: Borders) -> Merges:
    """Merge the two regions that are cheapest to merge until one is left.

    What a merge costs is a product of powers: of the difference of the regions' histograms and of
    the contrast of the border between them, as either alone says little of regions that shade into
    each other, or of a line within a region. A border counts less between regions that are busy
    themselves, as in foliage. A merge costs a little more between larger regions, and more where
    the border is a small part of the smaller one's outline. Histograms are compared by the root of
    each share (Hellinger 1909): a few pixels of another colour count for more than their number.

    Parameters
    ----------
    histograms
        Which share of each region is of which kind, float32, (n, b): side by side, weighted. Each
        sums up to the same in all regions. Changed in place.
    borders
        Which regions touch; changed in place. Where they do not hang together, the merges leave
        as many as there are parts.
    """
    count = len(histograms)
    graph = _make_graph(histograms, borders)
    most = len(borders.ends)
    queue = _Queue(np.empty(most), np.empty(most, np.int32), np.empty(most, np.int32))
    kept, absorbed = np.empty(count, np.int32), np.empty(count, np.int32)
    costs = np.empty(count)
    done = _merge_all(graph, queue, kept, absorbed, costs)
    return Merges(kept[:done], absorbed[:done], np.maximum.accumulate(costs[:done]))


class _Graph(NamedTuple):
    """The regions as they are after some merges; a border that is no more has the length 0.

    The borders of a region hang together: `heads` holds the first end of each region's, `nexts`
    the end after each. `degrees` counts them, `outlines` sums up their lengths. `reckoned` are the
    sizes when all costs of a region were last reckoned.
    """

    histograms: Values
    ends: Numbers
    lengths: Sums
    contrasts: Sums
    sizes: Sums
    busyness: Sums
    heads: Numbers
    nexts: Numbers
    degrees: Numbers
    outlines: Sums
    reckoned: Sums


class _Queue(NamedTuple):
    """The borders in a heap, the cheapest first: each is there once, and knows its slot."""

    costs: Sums
    borders: Numbers
    slots: Numbers


def _make_graph(histograms: Values, borders: Borders) -> _Graph:
    count, ends = len(histograms), borders.ends
    outlines = np.zeros(count)
    for side in range(2):
        np.add.at(outlines, ends[:, side], borders.lengths)
    heads, nexts = np.full(count, NOTHING, np.int32), np.full(ends.size, NOTHING, np.int32)
    degrees = np.zeros(count, np.int32)
    graph = _Graph(histograms, *borders, heads, nexts, degrees, outlines, borders.sizes.copy())
    _link_all(graph)
    return graph


@compiled
def _link_all(graph: _Graph) -> None:
    for end in range(graph.ends.size):
        add_to_list(graph, graph.ends[end // 2, end % 2], end)


@compiled
def _merge_all(graph: _Graph, queue: _Queue, kept: Numbers, absorbed: Numbers, costs: Sums) -> int:
    """Merge to the end, and give the number of merges."""
    pixels = graph.sizes.sum()
    waiting, done = len(queue.costs), 0
    for border in range(waiting):
        queue.costs[border] = _reckon(graph, border, pixels)
        queue.borders[border] = queue.slots[border] = border
    for slot in range(waiting // 2 - 1, -1, -1):
        _sink(queue, slot, waiting)
    while waiting > 0:
        border, costs[done] = queue.borders[0], queue.costs[0]
        waiting -= 1
        _swap(queue, 0, waiting)
        _sink(queue, 0, waiting)
        if graph.lengths[border] == 0:
            continue
        one, other = graph.ends[border, 0], graph.ends[border, 1]
        if (graph.sizes[one], other) < (graph.sizes[other], one):
            one, other = other, one
        kept[done], absorbed[done] = one, other
        done += 1
        _unite(graph, one, other, border)
        _hand_over(graph, queue, one, other, waiting, pixels)
    return done


@compiled
def _unite(graph: _Graph, one: int, other: int, border: int) -> None:
    """Let one region be both, but for the borders of the other."""
    sizes, busyness = graph.sizes, graph.busyness
    total = sizes[one] + sizes[other]
    share = sizes[other] / total
    for cue in range(CUES):
        busyness[one, cue] += share * (busyness[other, cue] - busyness[one, cue])
    mine, theirs = graph.histograms[one], graph.histograms[other]
    for place in range(len(mine)):
        mine[place] += share * (theirs[place] - mine[place])
    sizes[one] = total
    graph.outlines[one] += graph.outlines[other] - 2 * graph.lengths[border]
    graph.lengths[border] = 0
    graph.degrees[one] -= 1


@compiled
def _hand_over(
    graph: _Graph, queue: _Queue, one: int, other: int, waiting: int, pixels: float
) -> None:
    """Make the borders of the other those of one, and reckon anew what their merges cost."""
    has_grown = graph.sizes[one] >= NOTABLE_GROWTH * graph.reckoned[one]
    end = graph.heads[other]
    while end != NOTHING:
        border, side, after = end // 2, end % 2, graph.nexts[end]
        if graph.lengths[border] > 0:
            neighbour = graph.ends[border, 1 - side]
            common = find_border(graph, one, neighbour)
            if common == NOTHING:
                common = border
                graph.ends[border, side] = one
                add_to_list(graph, one, end)
            else:
                graph.lengths[common] += graph.lengths[border]
                for cue in range(CUES):
                    graph.contrasts[common, cue] += graph.contrasts[border, cue]
                graph.lengths[border] = 0
                graph.degrees[neighbour] -= 1
            if not has_grown:
                _update(queue, waiting, common, _reckon(graph, common, pixels))
        end = after
    if has_grown:
        graph.reckoned[one] = graph.sizes[one]
        _reckon_all(graph, queue, one, waiting, pixels)


@compiled
def _reckon_all(graph: _Graph, queue: _Queue, one: int, waiting: int, pixels: float) -> None:
    """Reckon anew what all merges of a region cost."""
    previous, end = NOTHING, graph.heads[one]
    while end != NOTHING:
        border, after = end // 2, graph.nexts[end]
        if graph.lengths[border] > 0:
            _update(queue, waiting, border, _reckon(graph, border, pixels))
            previous = end
        else:
            bridge(graph, one, previous, after)
        end = after


@compiled
def _reckon(graph: _Graph, border: int, pixels: float) -> float:
    """Reckon what a merge costs, see `merge_regions`."""
    one, other = graph.ends[border, 0], graph.ends[border, 1]
    length = graph.lengths[border]
    distance = math.sqrt(_measure_distance(graph.histograms[one], graph.histograms[other]))
    share = graph.sizes[one] * graph.sizes[other] / (graph.sizes[one] + graph.sizes[other])
    outline = min(graph.outlines[one], graph.outlines[other]) / length
    power = SIZE_POWER * math.log(share / pixels) + BORDER_POWER * math.log(outline)
    for cue in range(CUES):
        contrast = graph.contrasts[border, cue] / length + LEAST_CONTRAST
        busy = min(graph.busyness[one, cue], graph.busyness[other, cue]) + QUIET
        power += CONTRAST_POWERS[cue] * math.log(contrast) - BUSY_POWERS[cue] * math.log(busy)
    cost: float = distance**DISTANCE_POWER * math.exp(power)
    return cost


@compiled_sum
def _measure_distance(one: Values, other: Values) -> np.float32:
    """Sum up the squared differences of the roots."""
    total = np.float32(0)
    for place in range(len(one)):
        difference = np.sqrt(one[place]) - np.sqrt(other[place])
        total += difference * difference
    return total


@compiled
def _update(queue: _Queue, waiting: int, border: int, cost: float) -> None:
    """Give a border in the heap another cost."""
    slot = queue.slots[border]
    queue.costs[slot] = cost
    while slot > 0 and cost < queue.costs[(slot - 1) // 2]:
        _swap(queue, slot, (slot - 1) // 2)
        slot = (slot - 1) // 2
    _sink(queue, slot, waiting)


@compiled
def _sink(queue: _Queue, slot: int, waiting: int) -> None:
    """Move an entry of the heap down to its place below cheaper ones."""
    while True:
        child = 2 * slot + 1
        if child + 1 < waiting and queue.costs[child + 1] < queue.costs[child]:
            child += 1
        if child >= waiting or queue.costs[slot] <= queue.costs[child]:
            return
        _swap(queue, slot, child)
        slot = child


@compiled
def _swap(queue: _Queue, one: int, other: int) -> None:
    costs, borders = queue.costs, queue.borders
    costs[one], costs[other] = costs[other], costs[one]
    borders[one], borders[other] = borders[other], borders[one]
    queue.slots[borders[one]], queue.slots[borders[other]] = one, other
