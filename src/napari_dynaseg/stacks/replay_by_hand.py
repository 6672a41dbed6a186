"""What a user did by hand, done again on a stack that was replayed: refined, then painted."""

import warnings
import zlib
from dataclasses import dataclass

import numpy as np

from napari_dynaseg.errors import ImageWarning
from napari_dynaseg.files.label_store import LabelStore
from napari_dynaseg.files.sinks import PlanesInMemory, name_note
from napari_dynaseg.generators import run_through
from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.selection import place_like
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.labels.run_length import apply
from napari_dynaseg.recipes.recipe import Recipe
from napari_dynaseg.recipes.refinements import Paint, RefinementRecord
from napari_dynaseg.recipes.trained_network import TrainedNetwork
from napari_dynaseg.stacks.plan import StackPlan
from napari_dynaseg.stacks.refined_stack import spread_over_planes

# The note that tells that all refined planes are kept in notes of their own.
REFINED = "refined"


def repeat_hand_work(
    plan: StackPlan, recipe: Recipe, results: LabelStore | PlanesInMemory, network: TrainedNetwork
) -> None:
    """Refine and paint planes that are finished; a call that was broken off is done again.

    Parameters
    ----------
    plan
        Of the run.
    recipe
        Says what was done by hand.
    results
        Hold the labels.
    network
        What gave them.
    """
    if recipe.refinements:
        planes = RefinedPlanes(plan, results)
        if results.read_note(REFINED) is None:
            planes.clear()
            for refinement in recipe.refinements:
                network = planes.refine(network, refinement)
            results.write_note(REFINED, b"")
        for position in plan.positions:
            labels = planes.find(position)
            if labels is not None:
                results.write_plane(position, labels)
    for correction in recipe.corrections:
        position = place_like(plan.stack.axes, correction.position) or plan.start
        labels = results.read_plane(position)
        results.write_plane(position, apply(labels, [correction], correction.position))


@dataclass(frozen=True, eq=False)
class RefinedPlanes:
    """The planes of a run as refinements make them, in notes; its labels are not changed.

    Parameters
    ----------
    plan
        Of the run.
    results
        Hold what the network gave, and take the notes.
    """

    plan: StackPlan
    results: LabelStore | PlanesInMemory

    def clear(self) -> None:
        """Remove what an earlier call has left that was broken off."""
        for position in self.plan.positions:
            self.results.remove_note(name_note(REFINED, position))

    def find(self, position: Position) -> LabelMap | None:
        """Find what has become of a plane, (H, W), if it was refined."""
        content = self.results.read_note(name_note(REFINED, position))
        if content is None:
            return None
        shape = self.plan.stack.axes.plane_shape
        return np.frombuffer(zlib.decompress(content), np.int32).reshape(shape)

    def _keep(self, position: Position, labels: LabelMap) -> None:
        content = zlib.compress(np.ascontiguousarray(labels, np.int32).data, 1)
        self.results.write_note(name_note(REFINED, position), content)

    def refine(self, network: TrainedNetwork, refinement: RefinementRecord) -> TrainedNetwork:
        """Refine once more, and give the network as it was trained on."""
        position, stack, positions = refinement.position, self.plan.stack, self.plan.positions
        if position not in positions:
            warnings.warn(
                f"what was refined at {position} is left out: there is no such plane",
                ImageWarning,
                stacklevel=4,
            )
            return network

        def read_paint(at: Position) -> Paint:
            labels = self.find(at)
            shown = self.results.read_plane(at) if labels is None else labels
            return refinement.paint(shown, at)

        _, shown, painted = read_paint(position)
        knobs = network.settings.change(**refinement.settings)
        channels = stack.read_channels(position)
        refined, after = run_through(network.refine(channels, shown, painted, knobs))
        self._keep(position, refined.labels)
        if refinement.planes == "all":
            start, within = (position, refined.spread), network.recipe.within
            for paint, labels in spread_over_planes(
                stack, after, positions, start, read_paint, within
            ):
                self._keep(paint.position, paint.shown if labels is None else labels)
        return after
