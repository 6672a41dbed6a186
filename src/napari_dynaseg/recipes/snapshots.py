"""Snapshots of a run's iterations, in bounded memory: to scrub back to, and to keep the best."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_dynaseg.image.pixels import Scaling
from napari_dynaseg.labels.compressed_map import CompressedMap
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.subsampling import enlarge_labels
from napari_dynaseg.recipes.recipe import Recipe

if TYPE_CHECKING:
    from napari_dynaseg.method.step import Labelled, Step
    from napari_dynaseg.recipes.trained_network import TrainedNetwork

# What the snapshots of one run take at most, their networks included: some 130 iterations of the
# default network on a plane of 400×600 pixels, most of it for the weights.
MOST_BYTES = 64_000_000


@dataclass(frozen=True, eq=False)
class Snapshot:
    """An iteration that can be shown, replayed and refined again.

    Parameters
    ----------
    step
        What it found, of a run with live numbers; without its labels.
    clusters
        Its clusters as the network gave them; where it is a sketch, those of the reduced plane.
    is_sketch
        Whether it is.
    recipe
        What made it.
    scaling
        Of the planes that were trained on.
    """

    step: "Step"
    clusters: CompressedMap
    is_sketch: bool
    recipe: Recipe
    scaling: Scaling

    @classmethod
    def take(
        cls,
        step: "Step",
        recipe: Recipe,
        scaling: Scaling,
        every_pixel: bool = False,
    ) -> "Snapshot":
        """Take a snapshot of a step, at once, unless it has to label every pixel.

        Parameters
        ----------
        step, recipe, scaling
            As in the class.
        every_pixel
            Whether to have the clusters of every pixel where the training was on a reduced plane.
        """
        is_sketch = step.reduction > 1 and not every_pixel
        clusters = CompressedMap.of(step.trained_labels if is_sketch else step.clusters)
        recipe = recipe.model_copy(update={"is_sketch": is_sketch})
        return cls(step.without_labels(), clusters, is_sketch, recipe, scaling)

    @property
    def iteration(self) -> int:
        """1 for the first."""
        return self.recipe.last_iteration

    @property
    def labels_in_use(self) -> int:
        """How many clusters the network used, q'."""
        return self.step.labels_in_use

    @property
    def weight(self) -> float:
        """The weight w of the continuity term."""
        return self.step.weight

    @property
    def nbytes(self) -> int:
        """How much memory it takes, beside the plane and the tree that it shares with others."""
        return self.clusters.nbytes + self.step.weights.nbytes

    def read_labels(self) -> LabelMap:
        """Give the label map, (H, W), as the user got it."""
        return self.label().labels

    def label(self) -> "Labelled":
        """Give the label map and what it is cut from.

        Each pixel of a sketch fills the square it stands for; scribbles stay as they are drawn.
        """
        clusters, numbers = self.clusters.read(), self.step.numbers
        if self.is_sketch:
            clusters = enlarge_labels(clusters, self.step.reduction, self.step.shape)
        assert numbers is not None
        return self.step.label(clusters, numbers)

    def finish(self) -> "Snapshot":
        """Label every pixel, where it is a sketch; takes long, in any thread."""
        if not self.is_sketch:
            return self
        clusters = CompressedMap.of(self.step.clusters)
        recipe = self.recipe.model_copy(update={"is_sketch": False})
        return replace(self, clusters=clusters, is_sketch=False, recipe=recipe)

    def keep_network(self) -> "TrainedNetwork":
        """Give the network that made the labels; may take as long as labelling the plane."""
        from napari_dynaseg.recipes.trained_network import TrainedNetwork

        return TrainedNetwork.from_step(self.step, self.recipe, self.scaling, self.step.table)


class Snapshots:
    """The snapshots of a run by rising iteration; when there are too many, they thin out evenly.

    The first and the last are always there, even where they alone take more than the limit.

    Parameters
    ----------
    most_bytes
        What they take at most.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: list[Snapshot] = []

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Snapshot]:
        return iter(self._kept)

    def __getitem__(self, index: int) -> Snapshot:
        return self._kept[index]

    @property
    def nbytes(self) -> int:
        """How much memory they take."""
        return sum(snapshot.nbytes for snapshot in self._kept)

    def add(self, snapshot: Snapshot) -> None:
        """Add the next snapshot of the run; one of the same iteration takes the last one's place.

        The last labels of a run are a sketch no more, where its preview was.
        """
        if self._kept and self._kept[-1].iteration == snapshot.iteration:
            self._kept.pop()
        self._kept.append(snapshot)
        self._thin_out()

    def replace(self, snapshot: Snapshot) -> None:
        """Put a snapshot in the place of the one of its iteration, if that is still there."""
        for index, kept in enumerate(self._kept):
            if kept.iteration == snapshot.iteration:
                self._kept[index] = snapshot

    def limit(self, most_bytes: int) -> None:
        """Leave them less memory, or more, from now on."""
        self._most_bytes = most_bytes
        self._thin_out()

    def find_nearest(self, iteration: int) -> int:
        """Find the index of the snapshot that is nearest to an iteration."""
        return min(range(len(self)), key=lambda index: abs(self[index].iteration - iteration))

    def _thin_out(self) -> None:
        while len(self) > 2 and self.nbytes > self._most_bytes:
            del self._kept[min(range(1, len(self) - 1), key=self._measure_gap)]

    def _measure_gap(self, index: int) -> int:
        """Measure the gap, in iterations, that would be left without a snapshot."""
        return self[index + 1].iteration - self[index - 1].iteration
