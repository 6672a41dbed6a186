"""What one iteration of a training found, and the labels that follow from it."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_dynaseg.engine.apply import Statistics
from napari_dynaseg.engine.measurement import Measurement
from napari_dynaseg.engine.trainer import measure_statistics
from napari_dynaseg.engine.weights import Weights
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap, freeze
from napari_dynaseg.method.clusters import find_clusters
from napari_dynaseg.method.label_tree import LabelTree
from napari_dynaseg.method.scribbles import LabelNumbers, Numbers
from napari_dynaseg.method.subsampling import MOST_PREVIEWED_PIXELS, enlarge_labels
from napari_dynaseg.settings import Settings

if TYPE_CHECKING:
    from napari_dynaseg.method.run_input import RunInput


class Labelled(NamedTuple):
    """Labels of a plane, (H, W), and what they are cut from, if they are."""

    labels: LabelMap
    tree: LabelTree | None


@dataclass(frozen=True, eq=False)
class Step:
    """What one iteration found; nothing in it changes later.

    On a GPU the iteration may still be computed; reading its labels or numbers waits for it.

    Parameters
    ----------
    iteration
        1 for the first.
    weights
        Those of the network, before the update, in one vector.
    """

    iteration: int
    weights: Weights = field(repr=False)
    _measurement: Measurement = field(repr=False)
    _given: "RunInput" = field(repr=False)
    _picture: Plane = field(repr=False)  # what it trains on
    _settings: Settings = field(repr=False)
    reduction: int = field(repr=False)  # of what it trains on, in each direction
    numbers: LabelNumbers | None = field(default=None, repr=False)  # of a run with live numbers

    @cached_property
    def trained_labels(self) -> LabelMap:
        """The label map of what the network trains on, before the update of the weights.

        int32, numbers 1…q, one for each channel of the response map; read-only. In Fast quality
        that can be a reduced plane; companions of the plane follow below it.
        """
        return freeze(self._measurement.read_labels())

    @property
    def labels_in_use(self) -> int:
        """How many different labels that map has, q'."""
        return self._measurement.read().labels_in_use

    @property
    def weight(self) -> float:
        """The weight w of the continuity term."""
        return self._measurement.read().weight

    @property
    def similarity(self) -> float:
        """The term L_sim of equation 1: the cross-entropy of the response map with its own labels.

        A mean over the pixels without a scribble.
        """
        return self._measurement.read().similarity

    @property
    def continuity(self) -> float:
        """The term L_con of equation 1: the mean of the response map's absolute differences."""
        return self._measurement.read().continuity

    @property
    def scribble(self) -> float:
        """The term of the scribbles, before weighting; 0 if there are none."""
        return self._measurement.read().scribble

    @property
    def guidance(self) -> float:
        """The term of the guidance, before weighting; 0 if there is none.

        How much larger the cross-entropy with the matched clusters is than that with the own
        labels, where there is guidance, as a mean over the same pixels as the similarity.
        """
        return self._measurement.read().guidance

    @property
    def table(self) -> Numbers:
        """The label that each channel of the response map stands for, (q + 1,); entry 0 is 0.

        Only of a run whose numbers stay with their regions.
        """
        assert self.numbers is not None
        return self.numbers.list_all(self._settings.channels)

    def without_labels(self) -> "Step":
        """Give it without the labels, which its network can find again."""
        return replace(self, _measurement=self._measurement.without_labels())

    @property
    def total(self) -> float:
        """The loss, what the iteration descended on: similarity + weight * continuity.

        Scribbles and guidance, where there are some, are added with the weights of the settings.
        With the guidance weight g, similarity + g * guidance is the cross-entropy against the
        soft labels (1 - g) · own label + g · matched cluster, which the guided pixels have.
        """
        scribble = self._settings.scribble_weight * self.scribble
        guidance = self._settings.guidance_weight * self.guidance
        return self.similarity + self.weight * self.continuity + scribble + guidance

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the plane."""
        height, width = self._given.cropped[0].shape[1:]
        return height, width

    @cached_property
    def clusters(self) -> LabelMap:
        """The network's own label map of the whole plane, as published: the argmax, 1…q, (H, W).

        In Fast quality the network is applied to the plane when this is first asked for, with
        the weights of this iteration; that takes longer than the iteration did.
        """
        if self.reduction == 1:
            return self.trained_labels[: self.shape[0]]
        plane = self._given.cropped[0]
        return freeze(find_clusters(plane, self._settings, self.weights, self.statistics))

    @cached_property
    def enlarged(self) -> LabelMap:
        """`trained_labels` of the plane enlarged to (H, W): at hand at once, but coarse."""
        return freeze(enlarge_labels(self.trained_labels, self.reduction, self.shape))

    @cached_property
    def labels(self) -> LabelMap:
        """`clusters`, with the outlines of the tree where the run has one: (H, W), 1…q."""
        return self.outline(self.clusters)

    @cached_property
    def sketch(self) -> LabelMap:
        """`enlarged`, with the outlines of the tree where the run has one: (H, W), 1…q."""
        return self.outline(self.enlarged)

    def outline(self, clusters: LabelMap, detail: float | None = None) -> LabelMap:
        """Give `clusters` or `enlarged`, (H, W), the outlines of the tree, if there is one.

        They are those of a detail; by default of that of the settings.
        """
        tree = self._given.tree
        if tree is None:
            return clusters
        channels = np.arange(self._settings.channels + 1, dtype=np.int32)
        found = LabelTree.of(tree, clusters, channels, "clusters", seeds=self._given.seeds)
        return freeze(found.cut(self._settings.detail if detail is None else detail))

    def label(self, clusters: LabelMap, numbers: LabelNumbers) -> Labelled:
        """Make the labels of the whole plane, as the user gets them.

        Parameters
        ----------
        clusters
            `clusters` or `enlarged`.
        numbers
            How they are numbered.
        """
        given, tree = self._given, self._given.tree
        if tree is None:
            return Labelled(given.place(numbers.apply(clusters)), None)
        table, result = numbers.list_all(self._settings.channels), self._settings.result
        where = {"seeds": given.seeds, "within": given.within}
        found = LabelTree.of(tree, clusters, table, result, **where)
        return Labelled(given.paint(found.cut(self._settings.detail)), found)

    @cached_property
    def statistics(self) -> Statistics:
        """What the batch norms go by: the statistics of what the network trains on.

        Neighbours differ less among all pixels of a plane than among every n-th. By statistics
        of all of them these differences, noise too, would be stretched to what the network
        knows; docs/speed.md tells what that costs.
        """
        return measure_statistics([self._picture], self._settings, self.weights)

    @property
    def is_quick(self) -> bool:
        """Whether `labels` are at hand, or within about half a second: good for a preview.

        With the outlines of a tree a sketch is nearly as good, and quicker.
        """
        is_small = self.shape[0] * self.shape[1] <= MOST_PREVIEWED_PIXELS
        return self.reduction == 1 or (self._given.tree is None and is_small)
