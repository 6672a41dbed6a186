"""One run in the viewer: its worker thread and the Labels layer that evolves, and nothing else."""

import time
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from napari.qt.threading import create_worker
from napari.utils.notifications import show_error, show_warning
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_dynaseg._napari.layers import Job
from napari_dynaseg._napari.worker import Failure, Pace, Update, run_job
from napari_dynaseg.errors import ImageWarning
from napari_dynaseg.settings import Settings


class LiveRun:
    """A run that shows itself in a viewer; lives on the main thread.

    Parameters
    ----------
    viewer
        Where the labels appear.
    job
        What is segmented.
    settings
        The knobs at the start.
    """

    progressed = Signal(Update)
    ended = Signal()

    def __init__(self, viewer: ViewerModel, job: Job, settings: Settings) -> None:
        self._viewer = viewer
        self._job = job
        self._pace = Pace()
        self.layer = self._add_layer()
        self.update: Update | None = None
        self._is_over = False
        self._worker: Any = create_worker(run_job, job, settings, self._pace, _start_thread=False)
        # Lambdas keep this run alive until its worker is done, whoever else forgets it.
        self._worker.yielded.connect(lambda update: self._on_yielded(update))
        self._worker.returned.connect(lambda result: self._on_returned(result))
        self._worker.warned.connect(lambda warning: self._on_warned(*warning))
        self._worker.finished.connect(lambda: self._end())
        viewer.layers.events.removed.connect(self._on_layer_removed)

    def _add_layer(self) -> Labels:
        """Add an empty layer before the training starts: it costs napari a good while."""
        empty = self._job.wrap_labels(np.zeros(self._job.plane_shape, np.int32))
        name = f"{self._job.name} segments"
        layer = self._viewer.add_labels(empty, name=name, **self._job.placement)
        layer.editable = False
        return layer

    def start(self) -> None:
        """Start the training."""
        self._worker.start()

    def change(self, settings: Settings) -> None:
        """Turn the knobs; the training follows at its next iteration."""
        self._worker.send(settings)

    def stop(self) -> None:
        """End now and keep what is there; the thread follows within an iteration."""
        self._worker.quit()
        self._end()

    def _on_yielded(self, update: Update | None) -> None:
        if update is None or self._is_over:
            return
        started = time.monotonic()
        self._show(update)
        # A timer of no length comes due when the redraw it waits for has been handled.
        QTimer.singleShot(0, lambda: self._pace.mark_drawn(time.monotonic() - started))

    def _on_returned(self, result: Update | Failure) -> None:
        if isinstance(result, Failure):
            show_error(result.sentence)
        elif not self._is_over:
            self._show(result)

    @staticmethod
    def _on_warned(message: Warning, category: type[Warning], *_where: object) -> None:
        if issubclass(category, ImageWarning):
            show_warning(str(message))

    def _show(self, update: Update) -> None:
        # In place: for napari new data is a new layer in all but name, and three times the work.
        self.layer.data[...] = self._job.wrap_labels(update.labels)
        self.layer.refresh(thumbnail=False, highlight=False, extent=False)
        self.layer.metadata = {**self.layer.metadata, **update.recipe.to_metadata()}
        self.update = update
        self.progressed.emit(update)

    def _on_layer_removed(self, event: Any) -> None:
        if event.value is self.layer:
            self.stop()

    def _end(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._viewer.layers.events.removed.disconnect(self._on_layer_removed)
        if self.update is not None:
            self.layer.data = self.layer.data  # tells whoever listens, and draws the thumbnail
            self.layer.editable = True
        elif self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)
        self.ended.emit()
