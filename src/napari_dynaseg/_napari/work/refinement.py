"""Refine: the network of a layer trained on, in a worker, with what was painted there."""

from napari.layers import Labels
from psygnal import Signal

from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.edit_targets import Target, check_writable
from napari_dynaseg._napari.layers.kept_runs import KeptRun
from napari_dynaseg._napari.work.confirmation import Confirmation
from napari_dynaseg._napari.work.notifications import show_errors
from napari_dynaseg._napari.work.refine_task import RefinedLayer, RefineTask, list_planes
from napari_dynaseg._napari.work.task import Task
from napari_dynaseg._napari.work.viewer_run import ViewerRun
from napari_dynaseg._napari.work.worker import describe_memory
from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.axes import Position
from napari_dynaseg.recipes.painted_recipe import keep_map, read_map
from napari_dynaseg.recipes.recipe import METADATA_KEY, Recipe
from napari_dynaseg.recipes.refinements import Paint
from napari_dynaseg.settings import Settings


class Refinement(ViewerRun):
    """One refinement; lives on the main thread.

    Parameters
    ----------
    layer
        What was painted on, and will be changed, as one step that Ctrl+Z takes back.
    run
        The run that made it.
    position
        The plane whose paint teaches.
    settings
        The knobs.
    confirmation
        Asks first where the undo would take much memory.
    is_for_all
        Whether what grows out of the paint goes on to the other planes of the layer.

    Raises
    ------
    EditError
        If the layer cannot be changed.
    ImageError
        If nothing was painted on the plane, or the layer has no network yet.
    """

    written = Signal()

    def __init__(
        self,
        layer: Labels,
        run: KeptRun,
        position: Position,
        settings: Settings,
        confirmation: Confirmation,
        is_for_all: bool = False,
    ) -> None:
        self._layer, self.run = layer, run
        if run.keep_network is None:
            raise ImageError("these labels have no network to train on; press Segment first")
        check_writable(layer)
        target = Target(layer, layer.data, (slice(None),) * layer.ndim)
        planes = list_planes(run, position, is_for_all)
        work = RefineTask(target, run, self._read_paint(position), settings, planes).work()
        self.change: Change | None = None  # what was written
        self._task = Task(
            work,
            describe_memory(run.job),
            on_news=self.progressed.emit,
            on_result=lambda result: confirmation.submit(
                result.change, lambda: self._write(result)
            ),
            on_end=self.ended.emit,
        )

    def _read_paint(self, position: Position) -> Paint:
        run = self.run
        shown = run.read_plane(self._layer, position)
        painted = run.maps.find_painted(position, shown)
        if not painted.any():
            raise ImageError("nothing is painted on this plane; paint what is wrong, then refine")
        made = None if run.is_stack else read_map(self._layer.metadata)
        # All that the recipe does not make is paint, or the recipe would not make it again.
        return Paint(position, shown, painted if made is None else painted | (shown != made))

    def describe_end(self, _duration: str) -> str:
        """Say that the labels were refined, if they were."""
        return "" if self.change is None else "Refined; Ctrl+Z takes it back."

    @show_errors()
    def _write(self, result: RefinedLayer) -> None:
        layer, run = self._layer, self.run
        before = run.describe_state(layer)
        change = result.change.keep_unpainted()
        if change.pixels:
            change.write()
        for position, remembered in result.maps.items():
            run.maps.add(position, remembered)
        network = result.network  # the result would keep the layer alive
        run.keep_network = lambda: network
        self._write_recipe(result)
        if change.pixels:
            run.follow_step(layer, before)
        self.change = change
        self.written.emit()

    def _write_recipe(self, result: RefinedLayer) -> None:
        metadata = self._layer.metadata
        if METADATA_KEY not in metadata:
            return
        recipe = Recipe.from_metadata(metadata)
        refinements = (*recipe.refinements, result.refinement)
        made = recipe.model_copy(update={"refinements": refinements}).to_metadata()
        if not self.run.is_stack:
            row, column = self.run.job.axes.plane
            made |= keep_map(result.labels, row > column)
        self._layer.metadata = {**metadata, **made}
