"""A run behind the panel: its task, what it tells of itself, and the layer that it fills."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.notifications import show_error
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg._napari.work.pace import Pace
from napari_dynaseg._napari.work.task import Task, Work
from napari_dynaseg._napari.work.worker import describe_memory
from napari_dynaseg.settings import Settings


class ViewerRun:
    """What the panel knows of every run; lives on the main thread."""

    progressed = Signal(object)  # how far it is, as the panel's display takes it
    ended = Signal()
    released = Signal()  # nobody writes to the layer any more; of a stack maybe a plane later

    is_taught = False  # by strokes, a guidance or what was painted: then it trains longer

    _task: Task
    has_detail = False  # whether another detail would count while it goes on

    def start(self) -> None:
        """Start the work."""
        self._task.start()

    def stop(self) -> None:
        """End now and keep what is there; the thread follows within a step."""
        self._task.stop()

    def leave(self) -> None:
        """End now, and tell nobody: whoever would be told is gone."""
        for signal in (self.progressed, self.ended, self.released):
            signal.disconnect()
        self.stop()

    def turn_knobs(self, settings: Settings) -> bool:  # noqa: ARG002
        """Turn the knobs, and tell whether the run follows; most cannot."""
        return False

    def describe_end(self, duration: str) -> str:
        """Say what it came to in such a time; empty where that is nothing."""
        raise NotImplementedError


class LayerRun(ViewerRun):
    """A run that fills a Labels layer of its own, in place.

    It stops where the layer is removed or gets other data, and takes an empty layer away.

    Parameters
    ----------
    viewer
        Where the layer appears.
    job
        What is segmented.
    name
        What is added to the name of the image.
    work
        Makes the work for its task, which shows itself at a pace.
    stack
        The array of a layer of all planes; by default the layer is of the job's plane.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        job: Job,
        name: str,
        work: Callable[[Pace], Work],
        stack: Any = None,
    ) -> None:
        self._viewer, self._job, self._is_stack = viewer, job, stack is not None
        self._pace = Pace()
        self._has_labels = False
        self.layer = self._add_layer(f"{job.stack.name} {name}", stack)
        self._data = self.layer.data
        self._task = Task(
            work(self._pace),
            describe_memory(job),
            on_news=self._take_news,
            on_result=self._take_result,
            on_end=self._end,
            on_release=self._release,
        )
        viewer.layers.events.removed.connect(self._on_layer_removed)

    def _add_layer(self, name: str, stack: Any) -> Labels:
        """Add an empty layer before the work starts: it costs napari a good while."""
        job = self._job
        if self._is_stack:
            labels, placement = stack, job.stack_placement
        else:
            labels = job.axes.wrap(np.zeros(job.axes.plane_shape, np.int32))
            placement = job.placement
        layer = self._viewer.add_labels(labels, name=name, **placement)
        layer.editable = False
        return layer

    def _show_news(self, news: Any) -> bool:
        """Show what the work yields, and tell whether the pace was asked for it."""
        raise NotImplementedError

    def _show_result(self, result: Any) -> None:
        """Show what the work returns."""
        raise NotImplementedError

    def _take_news(self, news: Any) -> None:
        if news is None or self._stop_if_replaced():
            return
        started = time.monotonic()
        if self._show_news(news):
            # A timer of no length comes due when the redraw it waits for has been handled.
            QTimer.singleShot(0, lambda: self._pace.mark_drawn(time.monotonic() - started))

    def _take_result(self, result: Any) -> None:
        if result is not None and not self._stop_if_replaced():
            self._show_result(result)

    def _stop_if_replaced(self) -> bool:
        if self.layer.data is self._data:
            return False
        show_error(f"the data of {self.layer.name!r} were replaced, so the run has stopped")
        self.stop()
        return True

    def _write(self, labels: Any, metadata: dict[str, Any]) -> None:
        self._set_labels(labels)
        self._refresh()
        self.layer.metadata = {**self.layer.metadata, **metadata}

    def _set_labels(self, labels: Any) -> None:
        # In place: for napari new data is a new layer in all but name, and three times the work.
        self.layer.data[...] = self._job.axes.wrap(labels)

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
            self.layer.editable = False  # which new data put an end to
        elif self.layer.data is self._data and self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)
        if not self._is_stack:
            # At once; the thread of a stack may still be writing a plane.
            self._free()
        self.ended.emit()

    def _release(self) -> None:
        if self._is_stack:
            self._free()

    def _free(self) -> None:
        """Let the layer take paint from now on."""
        self.layer.editable = True
        self.released.emit()
