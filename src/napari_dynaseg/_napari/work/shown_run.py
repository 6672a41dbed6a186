"""A run that shows itself in a Labels layer of its own: how that comes, is filled and is left."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.notifications import show_error
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg._napari.work.pace import Pace
from napari_dynaseg._napari.work.task import Task, Work
from napari_dynaseg._napari.work.worker import describe_memory
from napari_dynaseg.labels.numbering import LabelMap


class ShownRun:
    """A run and its layer, which takes no paint until the run has ended; on the main thread.

    Parameters
    ----------
    viewer
        Where the layer appears: empty, before the work starts, as it costs napari a good while.
    job
        What is segmented.
    begin
        Gives the work, which lets its news through at a pace.
    labels, name, placement
        The array, name and place of the layer.
    """

    ended = Signal()

    def __init__(
        self,
        viewer: ViewerModel,
        job: Job,
        begin: Callable[[Pace], Work],
        labels: Any,
        name: str,
        placement: Mapping[str, Any],
    ) -> None:
        self._viewer, self._job, self._pace = viewer, job, Pace()
        self.layer: Labels = viewer.add_labels(labels, name=f"{job.name} {name}", **placement)
        self.layer.editable = False
        self._data = self.layer.data
        self._has_labels = False
        self._task = Task(
            begin(self._pace),
            describe_memory(job),
            on_news=self._on_news,
            on_result=self._on_result,
            on_end=self._end,
            on_release=self._release,
        )
        viewer.layers.events.removed.connect(self._on_layer_removed)

    def start(self) -> None:
        """Start the work."""
        self._task.start()

    def stop(self) -> None:
        """End now and keep what is there; the thread follows within an iteration."""
        self._task.stop()

    def _show_news(self, news: Any) -> bool:
        """Show what the work tells; tell whether that had something drawn that it waits for."""
        raise NotImplementedError

    def _show_result(self, result: Any) -> None:
        """Show what the work returns."""
        raise NotImplementedError

    def _on_news(self, news: Any) -> None:
        if news is None or self._stop_if_replaced():
            return
        started = time.monotonic()
        if self._show_news(news):
            # A timer of no length comes due when the redraw it waits for has been handled.
            QTimer.singleShot(0, lambda: self._pace.mark_drawn(time.monotonic() - started))

    def _on_result(self, result: Any) -> None:
        if result is not None and not self._stop_if_replaced():
            self._show_result(result)

    def _stop_if_replaced(self) -> bool:
        """Tell whether the layer has other data than the run shall write into, and stop then."""
        if self.layer.data is self._data:
            return False
        show_error(f"the data of {self.layer.name!r} were replaced, so the run has stopped")
        self.stop()
        return True

    def _show_labels(self, labels: LabelMap, metadata: Mapping[str, Any], where: Any = ...) -> None:
        # In place: for napari new data is a new layer in all but name, and three times the work.
        self.layer.data[where] = self._job.wrap_labels(labels)
        self._refresh()
        self.layer.metadata = {**self.layer.metadata, **metadata}

    def _refresh(self) -> None:
        self._has_labels = True
        self.layer.refresh(thumbnail=False, highlight=False, extent=False)

    def _on_layer_removed(self, event: Any) -> None:
        if event.value is self.layer:
            self.stop()

    def _end(self) -> None:
        self._viewer.layers.events.removed.disconnect(self._on_layer_removed)
        if self._has_labels:
            self.layer.data = self.layer.data  # tells whoever listens, and draws the thumbnail
        elif self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)
        self._let_go()
        self.ended.emit()

    def _let_go(self) -> None:
        """Let the layer be painted on from the end of the run on."""
        self.layer.editable = True

    def _release(self) -> None:
        """Nobody writes to the layer any more."""
