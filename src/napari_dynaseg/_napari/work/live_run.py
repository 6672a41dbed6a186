"""One run in the viewer: its worker thread and the Labels layer that evolves, and nothing else."""

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.utils.notifications import show_info
from psygnal import Signal

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg._napari.layers.kept_run import KeptRun
from napari_dynaseg._napari.work.shown_run import ShownRun
from napari_dynaseg._napari.work.stack_plan import ViewedStack
from napari_dynaseg._napari.work.worker import News, PlaneDone, Progress, Update, run_job
from napari_dynaseg.labels.numbering import count_labels
from napari_dynaseg.recipes.painted_recipe import keep_map
from napari_dynaseg.recipes.snapshots import Snapshots
from napari_dynaseg.settings import Settings


class LiveRun(ShownRun):
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
    released = Signal()  # nobody writes to the layer any more; of a stack maybe a plane later

    def __init__(
        self,
        viewer: ViewerModel,
        job: Job,
        settings: Settings,
        stack: ViewedStack | None = None,
    ) -> None:
        self._stack, self._is_auto = stack, settings.scheme == "auto"
        self.update: Update | None = None
        self._snapshots = Snapshots()
        if stack:
            labels, placement = stack.labels.array, job.stack_placement
        else:
            labels = job.wrap_labels(np.zeros(job.plane_shape, np.int32))
            placement = job.placement
        super().__init__(
            viewer,
            job,
            lambda pace: run_job(job, settings, pace, stack),
            labels,
            "segments",
            placement,
        )

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

    def _show_news(self, news: News) -> bool:
        if isinstance(news, PlaneDone):
            self._refresh()  # the worker has written it
            self.plane_done.emit(news)
        elif isinstance(news, Progress):
            self._add_snapshots(news)
            self.counted.emit(news)
        elif news is not None:
            self._show_result(news)
        return True

    def _show_result(self, result: Update) -> None:
        where = self._job.wrap_index(result.position) if self._stack else ...
        self._show_labels(result.labels, result.recipe.to_metadata(), where)
        self.update = result
        self._add_snapshots(result)
        self.progressed.emit(result)

    def _add_snapshots(self, update: Update | Progress) -> None:
        if self._stack is None:
            for snapshot in update.snapshots:
                self._snapshots.add(snapshot)

    def _end(self) -> None:
        if self.update is not None and self._stack is None:
            row, column = self._job.axes.plane
            kept = self.update.kept_map or keep_map(self.update.labels, row > column)
            self.layer.metadata = {**self.layer.metadata, **kept}
        super()._end()

    def _let_go(self) -> None:
        # The thread of a stack may still be writing a plane, which nobody must paint on.
        if self._stack is None:
            super()._let_go()
            self.released.emit()

    def _release(self) -> None:
        if self._stack is not None:
            super()._let_go()
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
