"""Refine: the network of a layer trained on, in a worker, with what was painted there."""

from napari.components import Dims
from napari.layers import Labels
from psygnal import Signal

from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.edit_targets import Target, check_writable
from napari_dynaseg._napari.layers.kept_run import State
from napari_dynaseg._napari.layers.session import Session
from napari_dynaseg._napari.work.confirmation import Confirmation
from napari_dynaseg._napari.work.notifications import show_errors
from napari_dynaseg._napari.work.refine_task import RefinedLayer, refine_layer
from napari_dynaseg._napari.work.task import Task
from napari_dynaseg._napari.work.viewer_run import ViewerRun
from napari_dynaseg._napari.work.worker import describe_memory
from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.axes import Position
from napari_dynaseg.recipes.painted_recipe import keep_map, read_map
from napari_dynaseg.recipes.recipe import METADATA_KEY, Recipe
from napari_dynaseg.recipes.refinements import Paint
from napari_dynaseg.settings import Settings

REFINES_CLUSTERS = (
    "Refine trains the network on, for clusters; draw strokes on a layer of scribbles and press "
    "Segment"
)


class Refinement(ViewerRun):
    """One refinement; lives on the main thread.

    Parameters
    ----------
    session
        Knows the run that made the layer.
    layer
        What was painted on, and will be changed, as one step that Ctrl+Z takes back.
    dims
        The viewer's; the paint of the plane on view teaches.
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
        If nothing was painted on the plane, or the layer has no network (yet).
    """

    written = Signal()
    is_taught = True

    def __init__(
        self,
        session: Session,
        layer: Labels,
        dims: Dims,
        settings: Settings,
        confirmation: Confirmation,
        is_for_all: bool = False,
    ) -> None:
        run = session.find(layer)
        position = run.find_position(layer, dims)
        self._session, self._layer, self._run = session, layer, run
        if run.settings.result != "clusters":
            raise ImageError(REFINES_CLUSTERS)
        network = run.find_network(position)
        if network is None:
            raise ImageError("these labels have no network to train on; press Segment first")
        check_writable(layer)
        target = Target(layer, layer.data, (slice(None),) * layer.ndim)
        others = run.maps.list_positions() if is_for_all and run.is_stack else []
        planes = [position, *(other for other in others if other != position)]
        paint = self._read_paint(position)
        work = refine_layer(target, run, network, paint, settings, planes)
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
        run = self._run
        shown = run.read_plane(self._layer.data, position)
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
        change = result.change.keep_unpainted()
        self._session.write_state(change, "Refine", self._describe(result))
        self.change = change
        self.written.emit()

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
