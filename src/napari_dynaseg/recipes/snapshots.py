"""Snapshots of a run's iterations, in bounded memory: to scrub back to, and to keep the best."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from napari_dynaseg.image.pixels import Scaling
from napari_dynaseg.labels.compressed_map import CompressedMap
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.region_of_interest import place_labels
from napari_dynaseg.method.scribbles import LabelNumbers
from napari_dynaseg.method.subsampling import enlarge_labels
from napari_dynaseg.recipes.recipe import Recipe

if TYPE_CHECKING:
    from napari_dynaseg.method.step import Step
    from napari_dynaseg.recipes.trained_network import TrainedNetwork

# What the snapshots of one run take at most, their networks included: some 130 iterations of the
# default network on a plane of 400×600 pixels, most of it for the weights.
MOST_BYTES = 64_000_000


@dataclass(frozen=True, eq=False)
class Snapshot:
    """An iteration that can be shown, replayed and refined again.

    Parameters
    ----------
    labels
        Its label map as the network gave it; where it is a sketch, that of the reduced plane.
    numbers
        Of the regions at this iteration, for the map of every pixel.
    reduction
        By how much that plane is reduced; 1 where the labels are those of every pixel.
    shape
        (H, W) of the plane, or of the part of it that the run was limited to.
    recipe
        What made it.
    labels_in_use, weight
        q' and w of the iteration.
    keep_network
        Gives the network that made the labels; may take as long as labelling the plane.
    network_bytes
        What `keep_network` holds.
    label_whole
        Gives the labels of every pixel, from the network; takes long where they are a sketch.
    """

    labels: CompressedMap
    numbers: LabelNumbers
    reduction: int
    shape: tuple[int, int]
    recipe: Recipe
    labels_in_use: int
    weight: float
    keep_network: "Callable[[], TrainedNetwork]"
    network_bytes: int
    label_whole: Callable[[], LabelMap]

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
        step
            What the iteration of a run with live numbers found.
        recipe
            What made it.
        scaling
            Of the planes that were trained on.
        every_pixel
            Whether to have the labels of every pixel where the training was on a reduced plane.
        """
        reduction = 1 if every_pixel else step.reduction
        labels = step.labels if reduction == 1 else step.trained_labels
        # Of the step only what the network needs: the labels are there already, in few bytes.
        slim = step.without_labels()
        assert step.numbers is not None
        return cls(
            labels=CompressedMap.of(labels),
            numbers=step.numbers,
            reduction=reduction,
            shape=step.shape,
            recipe=recipe.model_copy(update={"is_sketch": reduction > 1}),
            labels_in_use=step.labels_in_use,
            weight=step.weight,
            keep_network=partial(_keep_network, slim, recipe, scaling),
            network_bytes=step.weights.nbytes,
            label_whole=lambda: slim.labels,
        )

    @property
    def iteration(self) -> int:
        """1 for the first."""
        return self.recipe.last_iteration

    @property
    def is_sketch(self) -> bool:
        """Whether the labels are those of the reduced plane."""
        return self.reduction > 1

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return self.labels.nbytes + self.network_bytes

    def read_labels(self) -> LabelMap:
        """Give the label map, (H, W), numbered.

        Each pixel of a sketch fills the square it stands for; scribbles stay as they are drawn.
        """
        whole = enlarge_labels(self.labels.read(), self.reduction, self.shape)
        return place_labels(whole, self.numbers, self.recipe.within, keep_numbers=True)

    def finish(self) -> "Snapshot":
        """Label every pixel, where the labels are a sketch; takes long, in any thread."""
        if not self.is_sketch:
            return self
        labels = CompressedMap.of(self.label_whole())
        recipe = self.recipe.model_copy(update={"is_sketch": False})
        return replace(self, labels=labels, reduction=1, recipe=recipe)


def _keep_network(step: "Step", recipe: Recipe, scaling: Scaling) -> "TrainedNetwork":
    from napari_dynaseg.recipes.trained_network import TrainedNetwork

    return TrainedNetwork.from_step(step, recipe, scaling, step.table)


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
