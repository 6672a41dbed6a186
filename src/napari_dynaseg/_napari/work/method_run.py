"""One run of another method in the viewer: its worker thread, and the layer that it fills."""

import time
from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg._napari.work.live_run import is_replaced
from napari_dynaseg._napari.work.pace import Pace
from napari_dynaseg._napari.work.task import Task
from napari_dynaseg._napari.work.worker import describe_memory
from napari_dynaseg.counting import write_count
from napari_dynaseg.knobs import Knobs
from napari_dynaseg.labels.numbering import LabelMap, count_labels, match_labels
from napari_dynaseg.peers import Method
from napari_dynaseg.recipes.method_record import MethodRecord
from napari_dynaseg.recipes.recipe import Source

# Labels keep their colours from one preview to the next where there are few enough to pair.
MOST_MATCHED = 1000


class Shown(NamedTuple):
    """How far a method is, the labels to show, if any are to be shown now, and their record."""

    done: int
    total: int
    labels: LabelMap | None
    record: MethodRecord


class Result(NamedTuple):
    """The labels that a method ended in, and what made them."""

    labels: LabelMap
    record: MethodRecord


class MethodRun:
    """A run of a method that shows itself in a viewer; lives on the main thread.

    Parameters
    ----------
    viewer
        Where the labels appear.
    job
        What is segmented: the plane that was on view.
    method, knobs
        By what.
    """

    progressed = Signal(int, int)
    ended = Signal()

    def __init__(self, viewer: ViewerModel, job: Job, method: Method, knobs: Knobs) -> None:
        self._viewer, self._job, self._method = viewer, job, method
        self._pace = Pace()
        self.outcome = ""
        self._has_labels = False
        self.layer: Labels = viewer.add_labels(
            job.wrap_labels(np.zeros(job.plane_shape, np.int32)),
            name=f"{job.name} {method.title}",
            **job.placement,
        )
        self.layer.editable = False
        self._data = self.layer.data
        self._task = Task(
            run_method(job, method, knobs, self._pace),
            describe_memory(job),
            on_news=self._on_news,
            on_result=self._on_result,
            on_end=self._end,
        )
        viewer.layers.events.removed.connect(self._on_layer_removed)

    def start(self) -> None:
        """Start the method."""
        self._task.start()

    def list_signals(self) -> list[Any]:
        """List the signals that a panel may follow."""
        return [self.progressed, self.ended]

    def stop(self) -> None:
        """End now and keep what is there; the thread follows within a step."""
        self._task.stop()

    def _on_news(self, shown: Shown) -> None:
        if self._stop_if_replaced():
            return
        started = time.monotonic()
        self.progressed.emit(shown.done, shown.total)
        if shown.labels is not None:
            self._show(shown.labels, shown.record)
            # A timer of no length comes due when the redraw it waits for has been handled.
            QTimer.singleShot(0, lambda: self._pace.mark_drawn(time.monotonic() - started))

    def _on_result(self, result: Result) -> None:
        if not self._stop_if_replaced():
            self._show(result.labels, result.record)
            count = write_count(count_labels(result.labels), "label")
            self.outcome = f"{count} by {self._method.title}."

    def _stop_if_replaced(self) -> bool:
        if not is_replaced(self.layer, self._data):
            return False
        self.stop()
        return True

    def _show(self, labels: LabelMap, record: MethodRecord) -> None:
        shown = self._job.unwrap_labels(self.layer.data)
        if self._has_labels and max(labels.max(), shown.max()) <= MOST_MATCHED:
            labels = match_labels(labels, shown)
        self._has_labels = True
        # In place: for napari new data is a new layer in all but name, and three times the work.
        self.layer.data[...] = self._job.wrap_labels(labels)
        self.layer.refresh(thumbnail=False, highlight=False, extent=False)
        self.layer.metadata = {**self.layer.metadata, **record.to_metadata()}

    def _on_layer_removed(self, event: Any) -> None:
        if event.value is self.layer:
            self.stop()

    def _end(self) -> None:
        self._viewer.layers.events.removed.disconnect(self._on_layer_removed)
        if self._has_labels:
            self.layer.data = self.layer.data  # tells whoever listens, and draws the thumbnail
            self.layer.editable = True
        elif self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)
        self.ended.emit()


def run_method(
    job: Job, method: Method, knobs: Knobs, pace: Pace
) -> Generator[Shown, None, Result]:
    """Segment a job's plane by a method, as work for a task.

    Yields
    ------
    Shown
        After every step.

    Returns
    -------
    Result
        The labels.
    """
    plane = job.read_plane()
    source = Source.of(plane, job.name, path=job.path, position=job.position, level=job.stack.level)
    within = job.within
    record = MethodRecord.now(method, knobs, source, within)
    work = method.begin(within.crop(plane) if within else plane, knobs)
    while True:
        try:
            preview = next(work)
        except StopIteration as end:
            return Result(within.place(end.value) if within else end.value, record)
        may_show = preview.draw is not None and pace.try_pass()
        started = time.monotonic()
        labels = preview.labels if may_show else None
        if labels is not None and within:
            labels = within.place(labels)
        pace.mark_labelled(time.monotonic() - started)
        seen = record.model_copy(update={"step": preview.done})
        yield Shown(preview.done, preview.total, labels, seen)
