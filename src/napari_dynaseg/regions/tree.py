"""Regions of a plane merged two by two, the most alike first: a tree that is cut at any level."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from napari_dynaseg.labels.numbering import Integers
from napari_dynaseg.regions.features import Floats

# How a cost grows with the sizes of both regions: hardly, or small things would vanish in large.
SIZE_POWER = 0.06
# How it grows where two regions touch along a short part of their borders only.
BORDER_POWER = 0.25
# How much less a border counts between regions that are full of gradients themselves, and which
# gradients are too small to matter.
BUSY_POWER, QUIET_GRADIENT = 0.25, 0.2
# Regions of fewer pixels are merged before all others: nobody wants to look at speckle.
SPECKLE_PIXELS = 30
SPECKLE_FACTOR = 1e-6
# What a region's merges cost is reckoned anew when it has grown by this factor: a background that
# takes up thousands of superpixels hardly changes by one of them.
NOTABLE_GROWTH = 1.02


@dataclass(frozen=True, eq=False)
class Graph:
    """Regions and which of them touch.

    Parameters
    ----------
    histograms
        Which share of each region is of which kind, (n, b): side by side, weighted. Each sums up
        to the same in all regions.
    sizes
        Pixels of each region, (n,).
    gradients
        How much the pixels of each region differ from their neighbours, on average, (n,).
    pairs
        The regions that touch, (2, e), each pair once, the lower number first.
    lengths
        How many pairs of pixels touch there, (e,).
    contrasts
        How visible the border between them is, on average, (e,).
    """

    histograms: Floats
    sizes: Integers
    gradients: Floats
    pairs: Integers
    lengths: Integers
    contrasts: Floats


@dataclass(frozen=True, eq=False)
class Tree:
    """The merges of regions, the cheapest first.

    Parameters
    ----------
    count
        How many regions there were at first.
    kept, absorbed
        The two regions of each merge; the first one's number stands for both afterwards.
    costs
        What each merge cost; none is lower than one before it.
    """

    count: int
    kept: Integers
    absorbed: Integers
    costs: Floats

    def find_cost(self, regions: int) -> float:
        """Give the cost of the merge that leaves so many regions; 0 if there never were more."""
        place = min(self.count - regions, len(self.costs)) - 1
        return float(self.costs[place]) if place >= 0 else 0.0

    def cut(self, cost: float) -> Integers:
        """Do the merges up to a cost: give the number of each region, 0…, without gaps, (n,)."""
        parents = np.arange(self.count)
        done = int(np.searchsorted(self.costs, cost, side="right"))
        # The other way round, so that the one that absorbs knows its own place already.
        for kept, absorbed in zip(
            self.kept[:done][::-1].tolist(), self.absorbed[:done][::-1].tolist(), strict=True
        ):
            parents[absorbed] = parents[kept]
        return np.unique(parents, return_inverse=True)[1]


def build_tree(graph: Graph) -> Tree:
    """Merge the two regions that are cheapest to merge until one is left.

    A merge costs √(difference · contrast), where the difference is that of the regions'
    histograms, and the contrast that of the border between them: either says little of regions
    that shade into each other, or of a line within a region. A border counts less between regions
    full of gradients, as in foliage. A merge costs a little more between larger regions, and more
    where the border is a small part of the smaller one's outline. Histograms are compared by the
    root of each share (Hellinger 1909): a few pixels of another colour count for more than their
    number.

    Parameters
    ----------
    graph
        The regions; where they do not hang together, the merges leave as many as there are parts.
    """
    merger = _Merger(graph)
    merges = list(merger.run())
    kept, absorbed, costs = zip(*merges, strict=True) if merges else ((), (), ())
    return Tree(
        len(graph.sizes),
        np.array(kept, np.int64),
        np.array(absorbed, np.int64),
        np.maximum.accumulate(np.array(costs, np.float64)),
    )


class _Border(NamedTuple):
    """Where two regions touch: how long, the sum of its contrast, and its entry in the queue."""

    length: float
    contrast: float
    entry: int


class _Merger:
    """The regions as they are after some merges."""

    def __init__(self, graph: Graph) -> None:
        self._histograms = np.array(graph.histograms, np.float64)
        self._roots = np.sqrt(self._histograms)
        self._gradients = np.array(graph.gradients, np.float64)
        self._sizes = np.array(graph.sizes, np.float64)
        self._reckoned_sizes = self._sizes.copy()
        self._pixels = self._sizes.sum()
        self._borders: list[dict[int, _Border]] = [{} for _ in graph.sizes]
        self._outlines = np.zeros(len(graph.sizes))
        np.add.at(self._outlines, graph.pairs, graph.lengths)
        self._queue: list[tuple[float, int, int, int]] = []
        self._entries = 0
        self._add_borders(graph)

    def _add_borders(self, graph: Graph) -> None:
        costs = self._reckon(graph.pairs[0], graph.pairs[1], graph.lengths, graph.contrasts)
        parts = (*graph.pairs, graph.lengths, graph.contrasts)
        for one, other, length, contrast, cost in zip(
            *(part.tolist() for part in parts), costs, strict=True
        ):
            self._queue.append(self._note(cost, one, other, length, length * contrast))
        heapq.heapify(self._queue)

    def _note(
        self, cost: float, one: int, other: int, length: float, contrast: float
    ) -> tuple[float, int, int, int]:
        """Note a border, and give its entry for the queue; one that is there is void now."""
        self._entries += 1
        border = _Border(length, contrast, self._entries)
        self._borders[one][other] = self._borders[other][one] = border
        return cost, one, other, border.entry

    def _reckon(
        self, ones: Integers, others: Integers, lengths: Integers | Floats, contrasts: Floats
    ) -> list[float]:
        """Reckon what merges cost, see `build_tree`."""
        sizes, other_sizes = self._sizes[ones], self._sizes[others]
        differences = self._roots[ones] - self._roots[others]
        distances = np.sqrt(np.einsum("...i,...i->...", differences, differences))
        shares = sizes * other_sizes / (sizes + other_sizes) / self._pixels
        outlines = np.minimum(self._outlines[ones], self._outlines[others]) / lengths
        busy = np.minimum(self._gradients[ones], self._gradients[others]) + QUIET_GRADIENT
        costs = (
            np.sqrt(distances * contrasts / busy**BUSY_POWER)
            * shares**SIZE_POWER
            * outlines**BORDER_POWER
        )
        costs[np.minimum(sizes, other_sizes) < SPECKLE_PIXELS] *= SPECKLE_FACTOR
        return costs.tolist()  # type: ignore[no-any-return]

    def run(self) -> Iterator[tuple[int, int, float]]:
        """Merge to the end; yields the region that stays, the one absorbed and the cost."""
        while self._queue:
            cost, one, other, entry = heapq.heappop(self._queue)
            border = self._borders[one].get(other)
            if border is not None and border.entry == entry:
                # A region with thousands of neighbours keeps its list of them.
                if len(self._borders[one]) < len(self._borders[other]):
                    one, other = other, one
                self._merge(one, other)
                yield one, other, cost

    def _merge(self, one: int, other: int) -> None:
        mine, theirs = self._borders[one], self._borders[other]
        length = mine.pop(other).length
        del theirs[one]
        size, other_size = self._sizes[one], self._sizes[other]
        total = size + other_size
        for averages in (self._histograms, self._gradients):
            averages[one] = (averages[one] * size + averages[other] * other_size) / total
        self._roots[one] = np.sqrt(self._histograms[one])
        self._sizes[one] = total
        self._outlines[one] += self._outlines[other] - 2 * length
        for neighbour, border in theirs.items():
            before = mine.get(neighbour, _Border(0.0, 0.0, 0))
            mine[neighbour] = _Border(
                before.length + border.length, before.contrast + border.contrast, 0
            )
            del self._borders[neighbour][other]
        self._borders[other] = {}
        self._queue_borders(one, list(mine) if self._has_grown(one) else list(theirs))

    def _has_grown(self, region: int) -> bool:
        """Tell whether a region has changed since all its costs were reckoned."""
        before, now = self._reckoned_sizes[region], self._sizes[region]
        if now < NOTABLE_GROWTH * before and before >= SPECKLE_PIXELS:
            return False
        self._reckoned_sizes[region] = now
        return True

    def _queue_borders(self, one: int, neighbours: list[int]) -> None:
        if not neighbours:
            return
        others = np.array(neighbours)
        lengths, contrasts, _ = np.array([self._borders[one][other] for other in neighbours]).T
        costs = self._reckon(np.full_like(others, one), others, lengths, contrasts / lengths)
        for other, length, contrast, cost in zip(
            neighbours, lengths.tolist(), contrasts.tolist(), costs, strict=True
        ):
            heapq.heappush(self._queue, self._note(cost, one, other, length, contrast))
