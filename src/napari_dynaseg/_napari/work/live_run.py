"""One run in the viewer: its worker thread and the Labels layer that evolves, and nothing else."""

import time
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.notifications import show_error, show_info
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg._napari.layers.kept_run import KeptRun
from napari_dynaseg._napari.work.pace import Pace
from napari_dynaseg._napari.work.stack_plan import ViewedStack
from napari_dynaseg._napari.work.task import Task
from napari_dynaseg._napari.work.worker import (
    News,
    PlaneDone,
    Progress,
    Update,
    describe_memory,
    run_job,
)
from napari_dynaseg.labels.numbering import count_labels
from napari_dynaseg.recipes.painted_recipe import keep_map
from napari_dynaseg.recipes.snapshots import Snapshots
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
    stack
        The run through other planes; by default there are none.
    """

    progressed = Signal(Update)
    counted = Signal(Progress)
    plane_done = Signal(PlaneDone)
    ended = Signal()
    released = Signal()  # nobody writes to the layer any more; of a stack maybe a plane later

    def __init__(
        self,
        viewer: ViewerModel,
        job: Job,
        settings: Settings,
        stack: ViewedStack | None = None,
    ) -> None:
        self._viewer = viewer
        self._job, self._stack = job, stack
        self._is_auto = settings.scheme == "auto"
        self._pace = Pace()
        self.layer = self._add_layer()
        self._data = self.layer.data
        self.update: Update | None = None
        self._snapshots = Snapshots()
        self._has_labels = False
        self._task = Task(
            run_job(job, settings, self._pace, stack),
            describe_memory(job),
            on_news=self._on_news,
            on_result=self._on_result,
            on_end=self._end,
            on_release=self._release,
        )
        viewer.layers.events.removed.connect(self._on_layer_removed)

    def _add_layer(self) -> Labels:
        """Add an empty layer before the training starts: it costs napari a good while."""
        if self._stack:
            labels, placement = self._stack.labels.array, self._job.stack_placement
        else:
            labels = self._job.wrap_labels(np.zeros(self._job.plane_shape, np.int32))
            placement = self._job.placement
        layer = self._viewer.add_labels(labels, name=f"{self._job.name} segments", **placement)
        layer.editable = False
        return layer

    def start(self) -> None:
        """Start the training."""
        self._task.start()

    def change(self, settings: Settings) -> bool:
        """Turn the knobs; the training follows at its next iteration.

        Returns
        -------
        bool
            Whether the run can follow: none becomes Auto on the way, or leaves it.
        """
        follows = (settings.scheme == "auto") == self._is_auto
        if follows:
            self._task.send(settings)
        else:
            show_info("this run goes on with its scheme; the one chosen counts from the next on")
        return follows

    def list_signals(self) -> list[Any]:
        """List the signals that a panel may follow."""
        return [self.progressed, self.counted, self.plane_done, self.ended, self.released]

    def stop(self) -> None:
        """End now and keep what is there; the thread follows within an iteration."""
        self._task.stop()

    def _on_news(self, update: News) -> None:
        if update is None or self._stop_if_replaced():
            return
        started = time.monotonic()
        if isinstance(update, PlaneDone):
            self._show_plane(update)
        elif isinstance(update, Progress):
            self._add_snapshots(update)
            self.counted.emit(update)
        else:
            self._show(update)
        # A timer of no length comes due when the redraw it waits for has been handled.
        QTimer.singleShot(0, lambda: self._pace.mark_drawn(time.monotonic() - started))

    def _on_result(self, update: Update | None) -> None:
        if update is not None and not self._stop_if_replaced():
            self._show(update)

    def _stop_if_replaced(self) -> bool:
        if not is_replaced(self.layer, self._data):
            return False
        self.stop()
        return True

    def _show(self, update: Update) -> None:
        # In place: for napari new data is a new layer in all but name, and three times the work.
        where = self._job.wrap_index(update.position) if self._stack else ...
        self.layer.data[where] = self._job.wrap_labels(update.labels)
        self._refresh()
        self.layer.metadata = {**self.layer.metadata, **update.recipe.to_metadata()}
        self.update = update
        self._add_snapshots(update)
        self.progressed.emit(update)

    def _add_snapshots(self, update: Update | Progress) -> None:
        if self._stack is None:
            for snapshot in update.snapshots:
                self._snapshots.add(snapshot)

    def _show_plane(self, done: PlaneDone) -> None:
        """Show a plane that the worker has written."""
        self._refresh()
        self.plane_done.emit(done)

    def _refresh(self) -> None:
        self._has_labels = True
        self.layer.refresh(thumbnail=False, highlight=False, extent=False)

    def _on_layer_removed(self, event: Any) -> None:
        if event.value is self.layer:
            self.stop()

    def _end(self) -> None:
        self._viewer.layers.events.removed.disconnect(self._on_layer_removed)
        if self.update is not None and self._stack is None:
            kept = self.update.kept_map or keep_map(self.update.labels, self._job.axes.is_turned)
            self.layer.metadata = {**self.layer.metadata, **kept}
        if self._has_labels:
            self.layer.data = self.layer.data  # tells whoever listens, and draws the thumbnail
            # The thread of a stack may still be writing a plane, which nobody must paint on.
            self.layer.editable = self._stack is None
        elif self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)
        if self._stack is None:
            # At once, since the layer takes paint from now on.
            self.released.emit()
        self.ended.emit()

    def _release(self) -> None:
        self.layer.editable = True
        if self._stack is not None:
            self.released.emit()

    def count_labels(self) -> int:
        """Count the labels of its layer; in a stack, of the plane that it was trained on."""
        if self.update is None:
            return 0
        return count_labels(self.update.labels if self._stack else self.layer.data)

    def keep(self) -> KeptRun:
        """Give what is kept of the run beside its layer."""
        if self._stack is not None:
            keep_network = self._stack.read_network if self._stack.is_trained else None
            return KeptRun(self._job, True, keep_network, self._stack.maps)
        kept = KeptRun(self._job, False, snapshots=self._snapshots)
        if self.update is not None:
            kept.keep_network = self.update.keep_network
            drawn = self._job.scribbled
            painted = None if drawn is None else drawn != 0
            kept.maps.remember(self._job.position, self.update.labels, painted)
        return kept


def is_replaced(layer: Labels, data: Any) -> bool:
    """Tell, in the viewer as well, whether a layer has other data than a run shall write into."""
    if layer.data is data:
        return False
    show_error(f"the data of {layer.name!r} were replaced, so the run has stopped")
    return True
