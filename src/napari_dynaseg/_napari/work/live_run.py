"""One run in the viewer: its worker thread and the Labels layer that evolves, and nothing else."""

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from napari.qt.threading import create_worker
from napari.utils.notifications import show_error, show_info, show_warning
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg._napari.layers.kept_runs import KeptRun
from napari_dynaseg._napari.work.pace import Pace
from napari_dynaseg._napari.work.stack_plan import StackPlan
from napari_dynaseg._napari.work.worker import Failure, News, PlaneDone, Progress, Update, run_job
from napari_dynaseg.errors import ImageError, ImageWarning
from napari_dynaseg.recipes.painted_recipe import keep_map
from napari_dynaseg.recipes.snapshots import Snapshots
from napari_dynaseg.settings import Settings

if TYPE_CHECKING:
    from napari_dynaseg.recipes.trained_network import TrainedNetwork


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
    plan
        Which other planes to segment; by default none.
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
        plan: StackPlan | None = None,
    ) -> None:
        self._viewer = viewer
        self._job, self._plan = job, plan
        self._is_auto = settings.scheme == "auto"
        self._pace = Pace()
        self.layer = self._add_layer()
        self.update: Update | None = None
        self._snapshots = Snapshots()
        self._has_labels = self._is_over = False
        self._worker: Any = create_worker(
            run_job, job, settings, self._pace, plan, _start_thread=False
        )
        # Lambdas keep this run alive until its worker is done, whoever else forgets it.
        self._worker.yielded.connect(lambda update: self._on_yielded(update))
        self._worker.returned.connect(lambda result: self._on_returned(result))
        self._worker.warned.connect(lambda warning: show_image_warning(*warning))
        self._worker.finished.connect(lambda: self._finish())
        viewer.layers.events.removed.connect(self._on_layer_removed)

    def _add_layer(self) -> Labels:
        """Add an empty layer before the training starts: it costs napari a good while."""
        if self._plan:
            labels, placement = self._plan.array, self._job.stack_placement
        else:
            labels = self._job.wrap_labels(np.zeros(self._job.plane_shape, np.int32))
            placement = self._job.placement
        layer = self._viewer.add_labels(labels, name=f"{self._job.name} segments", **placement)
        layer.editable = False
        return layer

    def start(self) -> None:
        """Start the training."""
        self._worker.start()

    def change(self, settings: Settings) -> bool:
        """Turn the knobs; the training follows at its next iteration.

        Returns
        -------
        bool
            Whether the run can follow: none becomes Auto on the way, or leaves it.
        """
        follows = (settings.scheme == "auto") == self._is_auto
        if follows:
            self._worker.send(settings)
        else:
            show_info("this run goes on with its scheme; the one chosen counts from the next on")
        return follows

    def list_signals(self) -> list[Any]:
        """List the signals that a panel may follow."""
        return [self.progressed, self.counted, self.plane_done, self.ended, self.released]

    def stop(self) -> None:
        """End now and keep what is there; the thread follows within an iteration."""
        self._worker.quit()
        self._end()

    def _on_yielded(self, update: News) -> None:
        if update is None or self._is_over:
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

    def _on_returned(self, result: Update | Failure | None) -> None:
        if isinstance(result, Failure):
            show_error(result.sentence)
        elif result is not None and not self._is_over:
            self._show(result)

    def _show(self, update: Update) -> None:
        # In place: for napari new data is a new layer in all but name, and three times the work.
        where = self._job.wrap_index(update.position) if self._plan else ...
        self.layer.data[where] = self._job.wrap_labels(update.labels)
        self._refresh()
        self.layer.metadata = {**self.layer.metadata, **update.recipe.to_metadata()}
        self.update = update
        self._add_snapshots(update)
        self.progressed.emit(update)

    def _add_snapshots(self, update: Update | Progress) -> None:
        if self._plan is None:
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
        if self._is_over:
            return
        self._is_over = True
        self._viewer.layers.events.removed.disconnect(self._on_layer_removed)
        if self.update is not None and self._plan is None:
            kept = self.update.kept_map or keep_map(self.update.labels, self._job.axes.is_turned)
            self.layer.metadata = {**self.layer.metadata, **kept}
        if self._has_labels:
            self.layer.data = self.layer.data  # tells whoever listens, and draws the thumbnail
            # The thread of a stack may still be writing a plane, which nobody must paint on.
            self.layer.editable = self._plan is None
        elif self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)
        self.ended.emit()
        if self._plan is None:
            # At once, since the layer takes paint from now on.
            self.released.emit()

    def _finish(self) -> None:
        self._end()
        self.layer.editable = True
        if self._plan is not None:
            self.released.emit()

    def keep(self) -> KeptRun:
        """Give what is kept of the run beside its layer."""
        if self._plan is not None:
            keep_network = partial(_read_network, self._plan)
            return KeptRun(self._job, True, keep_network, self._plan.maps)
        kept = KeptRun(self._job, False, snapshots=self._snapshots)
        if self.update is not None:
            kept.keep_network = self.update.keep_network
            drawn = self._job.scribbled
            painted = None if drawn is None else drawn != 0
            kept.maps.remember(self._job.position, self.update.labels, painted)
        return kept


def show_image_warning(message: Warning, category: type[Warning], *_where: object) -> None:
    """Show what a worker warns of, if it is about the image."""
    if issubclass(category, ImageWarning):
        show_warning(str(message))


def _read_network(plan: StackPlan) -> "TrainedNetwork":
    from napari_dynaseg.recipes.trained_network import TrainedNetwork
    from napari_dynaseg.stacks.strategies import NETWORK

    note = plan.results.read_note(NETWORK)
    if note is None:
        raise ImageError("the run was stopped before it had a network")
    return TrainedNetwork.from_bytes(note)
