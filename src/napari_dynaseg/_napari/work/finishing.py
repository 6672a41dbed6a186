"""Snapshots that are sketches, labelled pixel by pixel off the main thread, one at a time."""

from psygnal import Signal

from napari_dynaseg._napari.layers.kept_run import KeptRun
from napari_dynaseg._napari.work.task import Task, call_once
from napari_dynaseg._napari.work.worker import describe_memory
from napari_dynaseg.recipes.snapshots import Snapshot


class Finishing:
    """Finishes one snapshot at a time; lives on the main thread."""

    finished = Signal(object, object)  # a sketch, and the snapshot that has taken its place

    def __init__(self) -> None:
        self._next: tuple[KeptRun, Snapshot] | None = None
        self._task: Task | None = None

    def ask(self, run: KeptRun, snapshot: Snapshot) -> None:
        """Ask for a snapshot of a run; what was asked for before, and has not begun, is dropped."""
        self._next = run, snapshot
        self._begin()

    def forget(self) -> None:
        """Ask for nothing any longer; what has begun is still put in its place."""
        self._next = None

    def close(self) -> None:
        """Ask for nothing any longer, and put nothing anywhere."""
        self._next = None
        if self._task is not None:
            self._task.leave()

    def _begin(self) -> None:
        if self._task is not None or self._next is None:
            return
        (run, snapshot), self._next = self._next, None
        self._task = Task(
            call_once(snapshot.finish),
            describe_memory(run.job),
            on_result=lambda finished: self._put(run, snapshot, finished),
            on_release=self._on_release,
        )
        self._task.start()

    def _put(self, run: KeptRun, sketch: Snapshot, finished: Snapshot) -> None:
        run.snapshots.replace(finished)
        self.finished.emit(sketch, finished)

    def _on_release(self) -> None:
        self._task = None
        self._begin()
