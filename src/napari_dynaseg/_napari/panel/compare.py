"""Compare labels with what they were: scrub through a run, keep an iteration, flip back."""

from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels
from psygnal import Signal
from qtpy.QtWidgets import QWidget

from napari_dynaseg._napari.layers.edit_targets import find_plane
from napari_dynaseg._napari.layers.kept_run import KeptRun
from napari_dynaseg._napari.layers.session import Session, read_iteration
from napari_dynaseg._napari.panel.compare_row import CompareRow
from napari_dynaseg._napari.panel.correct.stroke import find_canvas
from napari_dynaseg._napari.panel.preview import Preview, is_preview
from napari_dynaseg._napari.work.notifications import show_errors
from napari_dynaseg._napari.work.task import Task, call_once
from napari_dynaseg._napari.work.task_queue import TaskQueue
from napari_dynaseg._napari.work.worker import describe_memory
from napari_dynaseg.recipes.snapshots import Snapshot, Snapshots

FLIP_KEY = "F"  # with Shift


class Compare:
    """Looks back at what the selected labels were; lives on the main thread.

    Parameters
    ----------
    viewer
        The viewer.
    session
        Knows what the labels were.
    """

    told = Signal(str)  # what is on view, in a sentence; empty when it is the layer again
    concluded = Signal(str)  # what came of it, in a sentence

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._viewer, self._session = viewer, session
        self.row = CompareRow()
        self.layer: Labels | None = None
        self.preview: Preview | None = None
        self._scrubbed: Snapshot | None = None  # the one on view
        self._words = ""  # what is on view before
        self._is_wanted = False  # to be kept, once every pixel is labelled
        self._is_running = False
        self._tasks = TaskQueue()
        self.row.slider.changed.connect(self.scrub)
        self.row.keep_button.changed.connect(self.keep, max_args=0)
        self.row.flip_button.changed.connect(self.flip, max_args=0)
        viewer.layers.selection.events.active.connect(self.follow_selection)
        viewer.layers.events.removed.connect(self.follow_selection)
        session.turned.connect(self._show_row)
        self.follow_selection()

    def close(self) -> None:
        """Let go of the viewer."""
        self.end()
        self._tasks.leave()
        self._viewer.layers.selection.events.active.disconnect(self.follow_selection)
        self._viewer.layers.events.removed.disconnect(self.follow_selection)

    # -- the layer --------------------------------------------------------------------------

    def follow_selection(self, _event: object = None) -> None:
        """Look back at the Labels layer that is selected, or was last."""
        active = self._viewer.layers.selection.active
        if is_preview(active):
            return
        layer = active if isinstance(active, Labels) else self.layer
        self.layer = layer if layer in self._viewer.layers else None
        if self.preview is None:
            self._show_row()

    def show_running(self, is_running: bool) -> None:
        """Offer nothing while a run goes on."""
        self._is_running = is_running
        self.end()
        self._show_row()

    def _show_row(self) -> None:
        run = self._session.get(self.layer)
        snapshots = run.snapshots if run else Snapshots()
        is_free = not self._is_running
        now = read_iteration(self.layer) if snapshots else None
        at = len(snapshots) - 1 if now is None else snapshots.find_nearest(now)
        self.row.show_count(len(snapshots) if is_free else 0, at)
        self.row.flip_button.enabled = is_free and self.layer is not None
        self.row.visible = self.layer is not None

    # -- looking ----------------------------------------------------------------------------

    def scrub(self, index: int) -> None:
        """Show an iteration in the layer's place, with what was painted."""
        run, layer = self._session.get(self.layer), self.layer
        if run is None or layer is None or not layer.editable:
            return
        snapshot = run.snapshots[index]
        if self._scrubbed is None:
            self.end()
        self._show_snapshot(layer, run, snapshot)
        self._scrubbed, self._is_wanted = snapshot, False
        self.row.show_scrubbed(index)
        self.told.emit(_describe(snapshot, run.snapshots))
        if snapshot.is_sketch:
            self.finish(run, snapshot)

    def finish(self, run: KeptRun, sketch: Snapshot) -> None:
        """Label every pixel of a sketch, off the main thread; one at a time, the last asked for."""
        self._tasks.clear()
        self._tasks.submit(
            lambda: Task(
                call_once(sketch.finish),
                describe_memory(run.job),
                on_result=lambda finished: self._on_finished(run, sketch, finished),
            )
        )

    def _show_snapshot(self, layer: Labels, run: KeptRun, snapshot: Snapshot) -> None:
        labels = run.job.axes.wrap(run.merge_paint(layer, snapshot.read_labels()))
        name = f"iteration {snapshot.iteration} of {layer.name}"
        if self.preview is None:
            self._begin(layer, labels, (0,) * layer.ndim, name)
        else:
            self.preview.show_labels(labels, name)

    @show_errors()
    def flip(self) -> None:
        """Flip to what was before, or back; while iterations are looked at, to and from them."""
        layer = self.layer
        if self.preview is not None:
            self.preview.switch(not self.preview.is_shown)
            is_before = self._scrubbed is None
            self.row.show_flipped(self.preview.is_shown == is_before)
            self.told.emit(self._describe_flip())
            return
        self.row.show_flipped(False)
        if layer is None or self._is_running:
            return
        index = find_plane(layer, self._viewer.dims)
        before = self._session.find_before(layer, index)
        start = [0 if isinstance(at, slice) else at for at in index]
        ends = zip(index, layer.data.shape, strict=True)
        shape = [size if isinstance(at, slice) else 1 for at, size in ends]
        self._words = before.words
        self._begin(layer, before.labels.reshape(shape), start, f"before: {layer.name}")
        self.row.show_flipped(True)
        self.told.emit(self._describe_flip())

    def _describe_flip(self) -> str:
        is_shown = self.preview is not None and self.preview.is_shown
        if self._scrubbed is not None:
            what = f"iteration {self._scrubbed.iteration}" if is_shown else "the labels as they are"
            return f"On view: {what}. Shift+F flips, Esc ends."
        what = self._words if is_shown else "as they are"
        return f"On view: the labels {what}. Shift+F flips, Esc ends."

    def _begin(self, layer: Labels, labels: Any, start: Any, name: str) -> None:
        native: QWidget = self.row.native
        canvas = find_canvas(native)
        home = [native, canvas] if canvas is not None else [native]
        self.preview = Preview(self._viewer, layer, labels, start, name, home, FLIP_KEY)
        self.preview.ended.connect(self._on_ended)

    def end(self) -> None:
        """Show the labels as they are."""
        if self.preview is not None:
            self.preview.end()

    def _on_ended(self) -> None:
        self.preview = self._scrubbed = None
        self._tasks.clear()
        self.row.show_flipped(False)
        self._show_row()
        self.told.emit("")

    # -- keeping ----------------------------------------------------------------------------

    @show_errors()
    def keep(self) -> None:
        """Make the iteration on view the result; a sketch is first labelled pixel by pixel."""
        snapshot, layer = self._scrubbed, self.layer
        if snapshot is None or layer is None:
            return
        if snapshot.is_sketch:
            self._is_wanted = True
            self.row.keep_button.enabled = False
            self.told.emit(f"Labelling every pixel by iteration {snapshot.iteration} …")
            return
        self.end()
        self._session.keep_iteration(layer, snapshot)
        self._show_row()
        self.concluded.emit(
            f"Iteration {snapshot.iteration} kept: q' = {snapshot.labels_in_use}. "
            "Ctrl+Z takes it back."
        )

    def _on_finished(self, made: KeptRun, sketch: Snapshot, snapshot: Snapshot) -> None:
        """Show the labels of every pixel where their sketch is on view, or keep them."""
        made.snapshots.replace(snapshot)
        run, layer = self._session.get(self.layer), self.layer
        if sketch is not self._scrubbed or run is None or layer is None:
            return
        self._scrubbed = snapshot
        if self._is_wanted:
            self.keep()
        elif self.preview is not None and self.preview.is_shown:
            self._show_snapshot(layer, run, snapshot)


def _describe(snapshot: Snapshot, snapshots: Snapshots) -> str:
    last = snapshots[-1].iteration
    return (
        f"iteration {snapshot.iteration} of {last} · q' = {snapshot.labels_in_use} · "
        f"w = {snapshot.weight:.3g} · Keep makes it the result, Esc returns"
    )
