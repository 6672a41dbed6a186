"""Cut the labels on view anew while the slider of the detail moves; no run goes on meanwhile."""

from collections.abc import Callable

from napari.components import ViewerModel
from napari.layers import Labels
from psygnal import Signal

from napari_dynaseg._napari.layers.kept_run import KeptRun
from napari_dynaseg._napari.layers.recut import Recut
from napari_dynaseg._napari.layers.session import Session
from napari_dynaseg._napari.work.notifications import show_errors
from napari_dynaseg._napari.work.task import Task, call_once
from napari_dynaseg._napari.work.task_queue import TaskQueue
from napari_dynaseg._napari.work.worker import describe_memory
from napari_dynaseg.counting import write_count
from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.axes import Position
from napari_dynaseg.labels.numbering import count_labels


class Recutting:
    """Follows the slider; lives on the main thread.

    Parameters
    ----------
    viewer
        Whose plane on view is cut.
    session
        Knows the trees, and writes the step.
    find_layer
        Gives the labels that are meant.
    """

    told = Signal(str)  # what became of it, in a sentence
    cut = Signal()  # the labels on view are others

    def __init__(
        self, viewer: ViewerModel, session: Session, find_layer: Callable[[], Labels | None]
    ) -> None:
        self._viewer, self._session, self._find_layer = viewer, session, find_layer
        self._recut: Recut | None = None
        self._wanted: float | None = None
        self._is_held = False
        self._tasks = TaskQueue()

    def close(self) -> None:
        """Let go of everything."""
        self._tasks.leave()
        self._recut = None

    # -- what there is ----------------------------------------------------------------------

    def find_plane(self) -> tuple[Labels, KeptRun, Position] | None:
        """Find the plane on view of the labels that are meant, if a run made them."""
        layer = self._find_layer()
        if layer is not None:
            with show_errors():
                self._session.adopt(layer)
        run = self._session.get(layer)
        if layer is None or run is None:
            return None
        try:
            return layer, run, run.find_position(layer, self._viewer.dims)
        except ImageError:
            return None

    def explain(self) -> str:
        """Say why the labels on view cannot be cut anew; nothing if they can."""
        if (found := self.find_plane()) is None:
            return "select the labels of a run of this session"
        _, run, position = found
        return run.explain_no_tree(position)

    def read_detail(self) -> float | None:
        """Read where the labels on view are cut."""
        if self.explain() or (found := self.find_plane()) is None:
            return None
        return found[1].find_detail(found[2])

    # -- the slider -------------------------------------------------------------------------

    @show_errors()
    def press(self) -> None:
        """Get ready for moves, so that the first is as quick as all others."""
        self._begin()

    @show_errors()
    def turn(self, detail: float, is_held: bool) -> None:
        """Cut at another detail.

        Parameters
        ----------
        detail
            Where to cut.
        is_held
            Whether the mouse still holds the slider: then nothing is written yet.
        """
        self._wanted, self._is_held = detail, is_held
        if not self._begin():
            return
        if is_held:
            # At once, so that slider and labels are painted together: a window takes long.
            self._show()
        else:
            self._write()

    @show_errors()
    def release(self) -> None:
        """Write what is on view as one step."""
        self._is_held = False
        if self._wanted is not None:
            self._write()
        self._recut = None

    def _begin(self) -> bool:
        """Read the labels before, if they can be cut; a tree that is not there is built first."""
        if self._recut is not None:
            return True
        found = self.find_plane()
        if found is None or found[1].explain_no_tree(found[2]):
            self._wanted = None
            return False
        layer, run, position = found
        if run.find_tree(position) is None:
            self._plant(run, position)
            return False
        self._recut = Recut(run, layer, position)
        return True

    def _show(self) -> None:
        if self._recut is not None and self._wanted is not None:
            self._recut.show(self._wanted)
            self.cut.emit()

    def _write(self) -> None:
        recut, detail = self._recut, self._wanted
        if recut is None or detail is None:
            return
        self._recut = self._wanted = None
        try:
            labels = recut.write(self._session, detail)
        except Exception:
            recut.take_back()
            raise
        self.cut.emit()
        count = write_count(count_labels(labels), "label")
        found = self.find_plane()
        others = " The other planes follow with Segment." if found and found[1].is_stack else ""
        self.told.emit(f"{count} at detail {detail:g}. Ctrl+Z takes it back.{others}")

    # -- trees that are not there -----------------------------------------------------------

    def _plant(self, run: KeptRun, position: Position) -> None:
        if self._tasks.task is None:
            self.plant(run, position, self._go_on)

    def plant(self, run: KeptRun, position: Position, go_on: Callable[[], object]) -> None:
        """Build the tree of a plane of a stack off the main thread."""
        self.told.emit("Building the tree of this plane …")

        def take(tree: object) -> None:
            run.add_tree(position, tree)  # type: ignore[arg-type]
            self.told.emit("The tree of this plane is there.")
            go_on()

        self._tasks.submit(
            lambda: Task(
                call_once(run.plant, position),
                describe_memory(run.job),
                on_result=take,
                on_failure=lambda: self.told.emit(""),
            )
        )

    def _go_on(self) -> None:
        if self._wanted is not None:
            self.turn(self._wanted, self._is_held)
