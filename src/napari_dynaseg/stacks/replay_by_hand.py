"""What a user did by hand, done again on a stack that was replayed: refined, then painted."""

import warnings
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from napari_dynaseg.errors import ImageWarning
from napari_dynaseg.files.label_store import LabelStore
from napari_dynaseg.generators import run_through
from napari_dynaseg.image.axes import Position, list_indices
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.labels.run_length import apply
from napari_dynaseg.recipes.recipe import Recipe
from napari_dynaseg.recipes.refinements import RefinementRecord
from napari_dynaseg.recipes.trained_network import TrainedNetwork
from napari_dynaseg.stacks.refined_stack import spread_over_planes

# The note that tells that all refined planes are kept in notes of their own.
REFINED = "refined"


@dataclass(frozen=True, eq=False)
class RefinedPlanes:
    """The planes of a store as refinements make them; the store itself is not changed.

    Parameters
    ----------
    stack
        The image.
    store
        Holds what the network gave.
    positions
        The planes of the run.
    """

    stack: StackImage
    store: LabelStore
    positions: tuple[Position, ...]
    _packed: dict[Position, bytes] = field(default_factory=dict)

    def read(self, position: Position) -> LabelMap:
        """Read a plane, (H, W), as it is by now."""
        content = self._packed.get(position)
        return _unpack(content, self.stack) if content else self.store.read_plane(position)

    def keep(self, position: Position, labels: LabelMap) -> None:
        """Keep what a plane has become."""
        self._packed[position] = zlib.compress(np.ascontiguousarray(labels, np.int32).data, 1)

    def refine(self, network: TrainedNetwork, refinement: RefinementRecord) -> TrainedNetwork:
        """Refine once more, and give the network as it was trained on."""
        position = refinement.position
        if position not in self.positions:
            warnings.warn(
                f"what was refined at {position} is left out: there is no such plane",
                ImageWarning,
                stacklevel=4,
            )
            return network
        _, shown, painted = refinement.paint(self.read(position), position)
        knobs = network.settings.change(**refinement.settings)
        channels = self.stack.read_channels(position)
        refined, after = run_through(network.refine(channels, shown, painted, knobs))
        self.keep(position, refined.labels)
        if refinement.planes == "all":
            start = position, refined.spread
            planes = spread_over_planes(
                self.stack,
                after,
                self.positions,
                start,
                lambda at: refinement.paint(self.read(at), at),
                network.recipe.within,
            )
            for paint, labels in planes:
                self.keep(paint.position, paint.shown if labels is None else labels)
        return after

    def write_notes(self) -> None:
        """Write all that was kept into notes of the store, whole."""
        for position, content in self._packed.items():
            self.store.write_note(_name_note(position), content)
        self.store.write_note(REFINED, b"")


def replay_refinements(
    stack: StackImage,
    store: LabelStore,
    positions: tuple[Position, ...],
    network: TrainedNetwork,
    refinements: Iterable[RefinementRecord],
) -> None:
    """Refine the finished planes of a store; a call that was broken off is done again.

    Parameters
    ----------
    stack, store, positions
        As in `RefinedPlanes`.
    network
        What gave the labels.
    refinements
        In the order in which they were made.
    """
    if store.read_note(REFINED) is None:
        planes = RefinedPlanes(stack, store, positions)
        for refinement in refinements:
            network = planes.refine(network, refinement)
        planes.write_notes()
    for position in positions:
        content = store.read_note(_name_note(position))
        if content is not None:
            store.write_plane(position, _unpack(content, stack))


def paint_planes(store: LabelStore, recipe: Recipe, places: dict[Position, Position]) -> None:
    """Paint the corrections of a recipe on the planes of a store.

    Parameters
    ----------
    store
        Holds the labels.
    recipe
        Says what was painted.
    places
        Where each of its planes lies here.
    """
    for correction in recipe.corrections:
        position = places[correction.position]
        labels = store.read_plane(position)
        store.write_plane(position, apply(labels, [correction], correction.position))


def _unpack(content: bytes, stack: StackImage) -> LabelMap:
    return np.frombuffer(zlib.decompress(content), np.int32).reshape(stack.axes.plane_shape)


def _name_note(position: Position) -> str:
    return "-".join([REFINED, *map(str, list_indices(position))])
