"""The merging of regions as anyone would write it down, which holds the compiled loop to it."""

import numpy as np

from napari_dynaseg.regions.merging import (
    BORDER_POWER,
    BUSY_POWERS,
    CONTRAST_POWERS,
    DISTANCE_POWER,
    LEAST_CONTRAST,
    NOTABLE_GROWTH,
    QUIET,
    SIZE_POWER,
)


def merge_plainly(histograms, borders):
    """Merge to the end; yields the larger region, the smaller one and the cost."""
    graph = PlainGraph(histograms, borders)
    costs = {pair: graph.reckon(*pair) for pair in graph.borders}
    reckoned = graph.sizes.copy()
    while costs:
        pair = min(costs, key=costs.__getitem__)
        one, other = sorted(pair, key=lambda region: (-graph.sizes[region], region))
        yield one, other, costs[pair]
        changed = graph.list_neighbours(other) - {one}
        graph.unite(one, other)
        costs = {each: cost for each, cost in costs.items() if other not in each}
        if graph.sizes[one] >= NOTABLE_GROWTH * reckoned[one]:
            reckoned[one] = graph.sizes[one]
            changed = graph.list_neighbours(one)
        costs |= {frozenset((one, each)): graph.reckon(one, each) for each in changed}


class PlainGraph:
    """Regions, and of each pair that touches the length and the contrasts of the border."""

    def __init__(self, histograms, borders):
        self.histograms = np.array(histograms, float)
        self.sizes, self.busyness = borders.sizes.copy(), borders.busyness.copy()
        figures = np.column_stack([borders.lengths, borders.contrasts])
        self.borders = dict(zip(map(frozenset, borders.ends.tolist()), figures, strict=True))
        self.pixels = self.sizes.sum()

    def list_neighbours(self, region):
        return {each for pair in self.borders if region in pair for each in pair} - {region}

    def measure_outline(self, region):
        return sum(figures[0] for pair, figures in self.borders.items() if region in pair)

    def reckon(self, one, other):
        length, *contrasts = self.borders[frozenset((one, other))]
        size, other_size = self.sizes[one], self.sizes[other]
        distance = np.linalg.norm(np.sqrt(self.histograms[one]) - np.sqrt(self.histograms[other]))
        contrasts = np.array(contrasts) / length + LEAST_CONTRAST
        busyness = np.minimum(self.busyness[one], self.busyness[other]) + QUIET
        outline = min(self.measure_outline(one), self.measure_outline(other)) / length
        share = size * other_size / (size + other_size) / self.pixels
        cost = distance**DISTANCE_POWER
        cost *= np.prod(contrasts**CONTRAST_POWERS / busyness**BUSY_POWERS)
        cost *= share**SIZE_POWER * outline**BORDER_POWER
        return cost

    def unite(self, one, other):
        share = self.sizes[other] / (self.sizes[one] + self.sizes[other])
        for averages in (self.histograms, self.busyness):
            averages[one] += share * (averages[other] - averages[one])
        self.sizes[one] += self.sizes[other]
        del self.borders[frozenset((one, other))]
        for each in self.list_neighbours(other):
            border = self.borders.pop(frozenset((other, each)))
            joined = frozenset((one, each))
            self.borders[joined] = self.borders.get(joined, 0) + border
