"""Refine: the network of a layer trained on, in a worker, with what was painted there."""

from collections.abc import Sequence
from typing import Any

from napari.layers import Labels
from psygnal import Signal

from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.edit_targets import Target, check_writable
from napari_dynaseg._napari.layers.kept_run import State
from napari_dynaseg._napari.layers.session import Session
from napari_dynaseg._napari.work.edit_queue import MOST_UNDO_BYTES, write_bytes
from napari_dynaseg._napari.work.notifications import show_errors
from napari_dynaseg._napari.work.refine_task import RefinedLayer, refine_layer
from napari_dynaseg._napari.work.task import Task
from napari_dynaseg._napari.work.worker import PlaneDone, describe_memory
from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.axes import Position
from napari_dynaseg.recipes.painted_recipe import keep_map, read_map
from napari_dynaseg.recipes.recipe import METADATA_KEY, Recipe
from napari_dynaseg.recipes.refinements import Paint
from napari_dynaseg.settings import Settings


class Refinement:
    """One refinement; lives on the main thread.

    Parameters
    ----------
    session
        Knows the run that made the layer.
    layer
        What was painted on, and will be changed, as one step that Ctrl+Z takes back.
    point
        Where the view is; the paint of the plane there teaches.
    settings
        The knobs.
    is_for_all
        Whether what grows out of the paint goes on to the other planes of the layer.

    Raises
    ------
    EditError
        If the layer cannot be changed.
    ImageError
        If nothing was painted on the plane, or the layer has no network (yet).
    """

    progressed = Signal(int)
    plane_done = Signal(PlaneDone)
    ended = Signal()

    def __init__(
        self,
        session: Session,
        layer: Labels,
        point: Sequence[float],
        settings: Settings,
        is_for_all: bool = False,
    ) -> None:
        run = session.find(layer)
        position = run.find_position(layer, point)
        self._session, self._layer, self._run = session, layer, run
        if run.keep_network is None:
            raise ImageError("these labels have no network to train on; press Segment first")
        check_writable(layer)
        target = Target(layer, layer.data, (slice(None),) * layer.ndim)
        others = run.maps.list_positions() if is_for_all and run.is_stack else []
        planes = [position, *(other for other in others if other != position)]
        paint = self._read_paint(position)
        work = refine_layer(target, run, run.keep_network, paint, settings, planes)
        self.change: Change | None = None  # what was written
        self._result: RefinedLayer | None = None  # one that waits to be confirmed
        self._task = Task(
            work,
            describe_memory(run.job),
            on_news=self._on_news,
            on_result=self._on_result,
            on_end=self.ended.emit,
        )

    def _read_paint(self, position: Position) -> Paint:
        run = self._run
        shown = run.read_plane(self._layer, position)
        painted = run.maps.find_painted(position, shown)
        if not painted.any():
            raise ImageError("nothing is painted on this plane; paint what is wrong, then refine")
        made = None if run.is_stack else read_map(self._layer.metadata)
        # All that the recipe does not make is paint, or the recipe would not make it again.
        return Paint(position, shown, painted if made is None else painted | (shown != made))

    def start(self) -> None:
        """Start the training."""
        self._task.start()

    def list_signals(self) -> list[Any]:
        """List the signals that a panel may follow."""
        return [self.progressed, self.plane_done, self.ended]

    def stop(self) -> None:
        """End now; the labels stay as they are."""
        self._task.stop()

    @property
    def question(self) -> str:
        """What the undo of a refinement that waits would take; empty if none waits."""
        if self._result is None:
            return ""
        return f"Really? Its undo would take {write_bytes(self._result.change.undo_bytes)}"

    def confirm(self) -> None:
        """Write a refinement that waits."""
        result, self._result = self._result, None
        if result is not None:
            self._write(result)

    def _on_news(self, done: int | PlaneDone) -> None:
        if isinstance(done, PlaneDone):
            self.plane_done.emit(done)
        else:
            self.progressed.emit(done)

    def _on_result(self, result: RefinedLayer) -> None:
        if result.change.undo_bytes > MOST_UNDO_BYTES:
            self._result = result
        else:
            self._write(result)

    @show_errors()
    def _write(self, result: RefinedLayer) -> None:
        change = result.change.keep_unpainted()
        self._session.write_state(change, "Refine", self._describe(result))
        self.change = change

    def _describe(self, result: RefinedLayer) -> State:
        """Describe what belongs to the labels once they are refined."""
        before = self._run.describe_state(self._layer)
        metadata = dict(before.metadata)
        if METADATA_KEY in metadata:
            recipe = Recipe.from_metadata(metadata)
            refinements = (*recipe.refinements, result.refinement)
            metadata |= recipe.model_copy(update={"refinements": refinements}).to_metadata()
            if not self._run.is_stack:
                metadata |= keep_map(result.labels, self._run.job.axes.is_turned)
        network = result.network  # the result would keep the layer alive
        return before._replace(
            metadata=metadata,
            keep_network=lambda: network,
            maps={**before.maps, **result.maps},
        )
