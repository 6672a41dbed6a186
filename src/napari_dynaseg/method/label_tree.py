"""The labels of a run at any detail: a tree of regions, and what the network says of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from napari_dynaseg.labels.numbering import Integers, LabelMap
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.method.scribbles import Numbers
from napari_dynaseg.regions.votes import Votes
from napari_dynaseg.settings import Outcome

if TYPE_CHECKING:  # it rests on torch, for which the viewer does not wait
    from napari_dynaseg.regions.tree import Tree


@dataclass(frozen=True, eq=False)
class LabelTree:
    """What is cut into labels, without training.

    Parameters
    ----------
    tree
        Of the plane, or of the box around the part that a run was limited to.
    votes
        The channels of the response map that are the largest, by superpixel.
    numbers
        The label that each channel stands for, (q + 1,); entry 0 is 0.
    result
        What the labels are.
    seeds
        The channel that the user's strokes give to each superpixel, (n,), 0 for none; `None`
        where nothing was scribbled.
    within
        The part that the run was limited to; outside the labels are 0. By default all.
    """

    tree: "Tree"
    votes: Votes
    numbers: Numbers
    result: Outcome
    seeds: Integers | None = None
    within: RegionOfInterest | None = None

    @classmethod
    def of(
        cls, tree: "Tree", clusters: LabelMap, numbers: Numbers, result: Outcome, **more: Any
    ) -> Self:
        """Let the clusters of a plane, (H, W), vote in its tree; the rest are fields."""
        return cls(tree, Votes.count(tree.superpixels, clusters), numbers, result, **more)

    def cut(self, detail: float) -> LabelMap:
        """Cut it into labels: int32, (H, W) of the whole plane.

        Parameters
        ----------
        detail
            0…100, larger for more, finer regions.
        """
        return self._place(self._choose(detail, self.result))

    def cut_kinds(self, detail: float) -> LabelMap:
        """Give each region of a detail the number of its kind, whatever the labels are."""
        return self._place(self._choose(detail, "clusters"))

    def _place(self, labels: Integers) -> LabelMap:
        placed: LabelMap = labels.astype(np.int32)[self.tree.superpixels]
        return self.within.place(placed) if self.within else placed

    def _choose(self, detail: float, result: Outcome) -> Integers:
        """Choose the label of each superpixel, (n,)."""
        drawn = None if self.seeds is None else self.numbers[self.seeds]
        regions = self.tree.number_regions(detail, drawn)
        if result == "regions":
            return regions
        kinds: Integers = self.numbers[self.votes.choose(regions)]
        if drawn is None:
            return kinds
        return np.where(np.isin(regions, drawn[drawn > 0]), regions, kinds)


def find_seeds(superpixels: LabelMap, strokes: LabelMap) -> Integers:
    """Find the stroke that most of the stroked pixels of each superpixel have, (n,); 0 for none.

    Parameters
    ----------
    superpixels
        (H, W), from 0 on.
    strokes
        (H, W), 0 where there is none.
    """
    is_drawn = strokes > 0
    votes = Votes.count(superpixels[is_drawn][None], strokes[is_drawn][None])
    return votes.choose(np.arange(int(superpixels.max()) + 1))
