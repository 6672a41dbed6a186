"""The tree of a plane's regions: superpixels merged two by two, cut at any detail at once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_dynaseg.engine.compiled import compiled
from napari_dynaseg.engine.cpu.thread_pool import ThreadPool
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.regions.appearance import Appearance
from napari_dynaseg.regions.borders import measure_borders
from napari_dynaseg.regions.merging import Merges, merge_regions
from napari_dynaseg.regions.speckle import absorb_speckle
from napari_dynaseg.regions.watershed import grow_superpixels
from napari_dynaseg.settings import FINEST_DETAIL

Numbers = npt.NDArray[np.int32]

# A detail of 50 is this level, a percentage, and 15 more of detail are half the level: a merge is
# done up to a cost that is the geometric mean of the level and of the merge that leaves a usual
# number of regions. Chosen on training images of BSDS500, so that nearly all that anyone wants
# lies between 0 and 100, and most of it near 50.
MIDDLE_DETAIL, MIDDLE_LEVEL, DETAIL_OF_HALF = 50.0, 54.0, 15.0
PERCENT = 100.0
# Of about so many superpixels one thing is made that a person would outline.
USUAL_PARTS = 27
# Costs of nothing count as this, so that all details are finite.
LEAST_COST = 1e-30


@dataclass(frozen=True, eq=False)
class Tree:
    """Superpixels and their merges, the cheapest first.

    A cut at a detail does the merges of all higher details. Its K regions are numbered 1…K: the
    last merge of all is that of regions 1 and 2, of which 1 is the larger, the one before splits 3
    off, and so on. A finer cut thus only divides regions, of which the larger part keeps the
    number.

    Parameters
    ----------
    superpixels
        int32, (H, W), numbered 0…n - 1.
    kept, absorbed
        The larger and the smaller of the two regions of each merge, int32, (n - 1,); the number of
        the larger one stands for both afterwards.
    details
        Up to which detail each merge is done, float32, (n - 1,), never rising.
    """

    superpixels: LabelMap
    kept: Numbers
    absorbed: Numbers
    details: npt.NDArray[np.float32]

    def cut(self, detail: float) -> LabelMap:
        """Give the regions at a detail, int32, (H, W), 1…K."""
        return self.number_regions(detail)[self.superpixels]

    def count_regions(self, detail: float) -> int:
        """Tell how many regions a cut has."""
        return len(self.kept) + 1 - self._count_merges(detail)

    def number_regions(self, detail: float, seeds: Numbers | None = None) -> Numbers:
        """Give the number of the region of each superpixel.

        Parameters
        ----------
        detail
            Larger for more, smaller regions.
        seeds
            int32, (n,): superpixels of which something is known, 0 for the others. Those of one
            seed get it as their region's number, and no merge joins two seeds. A region without
            a seed keeps its number, or, where that is a seed, gets one beyond all of both.

        Returns
        -------
        numpy.ndarray
            int32, (n,).
        """
        merges = len(self.kept)
        numbers = np.ones(merges + 1, np.int32)
        numbers[self.absorbed] = np.arange(merges + 1, 1, -1)
        known = np.zeros(merges + 1, np.int32) if seeds is None else seeds.astype(np.int32)
        if seeds is not None:
            taken = np.isin(numbers, seeds)
            numbers[taken] += max(merges + 1, int(seeds.max()))
        return _assign(self.kept, self.absorbed, self._count_merges(detail), numbers, known)

    def _count_merges(self, detail: float) -> int:
        return int(np.searchsorted(-self.details, -np.float32(detail), side="right"))


def build_tree(plane: Plane) -> Tree:
    """Grow the superpixels of a plane and merge them.

    They are grown within the gradients of the plane itself. Their borders are as visible as the
    gradient and the local contrast are large there, and they are as different as their intensities
    and their texture.

    Parameters
    ----------
    plane
        float32, (C, H, W), values 0…1.
    """
    with ThreadPool() as pool:
        appearance = Appearance(plane, pool)
        gradient, relief = appearance.measure_gradients()
        superpixels = absorb_speckle(grow_superpixels(relief), relief)
        del relief
        borders = measure_borders(superpixels, gradient, appearance.measure_local_contrast())
        del gradient
        histograms = appearance.measure_histograms(superpixels, borders.sizes)
    merges = merge_regions(histograms, borders)
    return Tree(superpixels, merges.kept, merges.absorbed, _find_details(merges))


def warm_up_tree() -> None:
    """Build a tiny tree and cut it, which loads the loops, or compiles them the first time."""
    build_tree(np.zeros((3, 8, 8), np.float32)).cut(MIDDLE_DETAIL)


def _find_details(merges: Merges) -> npt.NDArray[np.float32]:
    """Give the detail up to which each merge is done."""
    count = len(merges.costs) + 1
    place = count - max(1, count // USUAL_PARTS) - 1
    usual = max(merges.costs[place], LEAST_COST) if place >= 0 else LEAST_COST
    levels = PERCENT * np.square(np.maximum(merges.costs, LEAST_COST)) / usual
    details = MIDDLE_DETAIL - DETAIL_OF_HALF * np.log2(levels / MIDDLE_LEVEL)
    # Nobody cuts more finely, and round numbers take less room in files.
    rounded: npt.NDArray[np.float32] = np.round(details / FINEST_DETAIL).astype(np.float32)
    return rounded * np.float32(FINEST_DETAIL)


@compiled
def _assign(
    kept: Numbers, absorbed: Numbers, done: int, numbers: Numbers, seeds: Numbers
) -> Numbers:
    """Do the first merges but for those that would join two seeds, and number the regions.

    Parameters
    ----------
    kept, absorbed
        As of `Tree`.
    done
        How many merges are done.
    numbers
        The number of each region if it is not absorbed, (n,).
    seeds
        Of each superpixel, (n,); changed in place.
    """
    regions = np.arange(len(numbers), dtype=np.int32)
    for merge in range(done):
        one, other = kept[merge], absorbed[merge]
        if seeds[one] and seeds[other] and seeds[one] != seeds[other]:
            continue
        seeds[one] = max(seeds[one], seeds[other])
        regions[other] = one
    # The other way round, so that the one that absorbs knows its own region already.
    for merge in range(done - 1, -1, -1):
        other = absorbed[merge]
        regions[other] = regions[regions[other]]
    for place in range(len(regions)):
        region = regions[place]
        regions[place] = seeds[region] if seeds[region] else numbers[region]
    return regions
