"""Snapshots that are sketches, labelled pixel by pixel off the main thread, one at a time."""

from collections.abc import Generator
from typing import Any

from napari.qt.threading import create_worker
from napari.utils.notifications import show_error
from psygnal import Signal

from napari_dynaseg._napari.layers.kept_runs import KeptRun
from napari_dynaseg._napari.work.worker import Failure, translate_errors
from napari_dynaseg.recipes.snapshots import Snapshot


class Finishing:
    """Finishes one snapshot at a time; lives on the main thread."""

    finished = Signal(object, object)  # a sketch, and the snapshot that has taken its place

    def __init__(self) -> None:
        self._next: tuple[KeptRun, Snapshot] | None = None
        self._worker: Any = None

    def ask(self, run: KeptRun, snapshot: Snapshot) -> None:
        """Ask for a snapshot of a run; what was asked for before, and has not begun, is dropped."""
        self._next = run, snapshot
        self._begin()

    def forget(self) -> None:
        """Ask for nothing any longer; what has begun is still put in its place."""
        self._next = None

    def _begin(self) -> None:
        if self._worker is not None or self._next is None:
            return
        (run, snapshot), self._next = self._next, None
        self._worker = create_worker(_finish, run, snapshot, _start_thread=False)
        # Lambdas keep this alive until its worker is done.
        self._worker.returned.connect(lambda result: self._on_returned(run, snapshot, result))
        self._worker.finished.connect(lambda: self._on_finished())
        self._worker.start()

    def _on_returned(self, run: KeptRun, sketch: Snapshot, result: Snapshot | Failure) -> None:
        if isinstance(result, Failure):
            show_error(result.sentence)
            return
        run.snapshots.replace(result)
        self.finished.emit(sketch, result)

    def _on_finished(self) -> None:
        self._worker = None
        self._begin()


def _finish(run: KeptRun, snapshot: Snapshot) -> Generator[None, None, Snapshot | Failure]:
    result: Snapshot | Failure = yield from translate_errors(run.job, _label_pixels(snapshot))
    return result


def _label_pixels(snapshot: Snapshot) -> Generator[None, None, Snapshot]:
    yield
    return snapshot.finish()
