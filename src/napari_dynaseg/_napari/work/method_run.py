"""One run of another method in the viewer: its worker thread, and the layer that it fills."""

import time
from collections.abc import Generator
from typing import NamedTuple

from napari.components import ViewerModel

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg._napari.work.pace import Pace
from napari_dynaseg._napari.work.viewer_run import LayerRun
from napari_dynaseg._napari.work.worker import Steps
from napari_dynaseg.counting import write_count
from napari_dynaseg.generators import Loop
from napari_dynaseg.knobs import Knobs
from napari_dynaseg.labels.numbering import LabelMap, count_labels, match_labels
from napari_dynaseg.peers import Method
from napari_dynaseg.recipes.method_record import MethodRecord
from napari_dynaseg.recipes.recipe import Source

# Labels keep their colours from one preview to the next where there are few enough to pair.
MOST_MATCHED = 1000


class Shown(NamedTuple):
    """How far a method is, the labels to show, if any are to be shown now, and their record."""

    steps: Steps
    labels: LabelMap | None
    record: MethodRecord


class MethodRun(LayerRun):
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

    def __init__(self, viewer: ViewerModel, job: Job, method: Method, knobs: Knobs) -> None:
        self._title, self._outcome = method.title, ""
        super().__init__(
            viewer, job, method.title, lambda pace: run_method(job, method, knobs, pace)
        )

    def _show_news(self, news: Shown) -> bool:
        self.progressed.emit(news.steps)
        if news.labels is None:
            return False
        self._show(news.labels, news.record)
        return True

    def _show_result(self, result: Shown) -> None:
        assert result.labels is not None
        self._show(result.labels, result.record)
        self._outcome = f"{write_count(count_labels(result.labels), 'label')} by {self._title}."

    def _show(self, labels: LabelMap, record: MethodRecord) -> None:
        shown = self._job.axes.unwrap(self.layer.data)
        if self._has_labels and max(labels.max(), shown.max()) <= MOST_MATCHED:
            labels = match_labels(labels, shown)
        self._write(labels, record.to_metadata())

    def describe_end(self, _duration: str) -> str:
        """Say how many labels it came to, where it was not stopped."""
        return self._outcome


def run_method(job: Job, method: Method, knobs: Knobs, pace: Pace) -> Generator[Shown, None, Shown]:
    """Segment a job's plane by a method, as work for a task.

    Yields
    ------
    Shown
        After every step.

    Returns
    -------
    Shown
        The labels at last.
    """
    plane = job.read_plane()
    image = job.stack
    source = Source.of(plane, image.name, path=image.path, position=job.position, level=image.level)
    within = job.within
    record = MethodRecord.now(method, knobs, source, within)
    work = Loop(method.begin(within.crop(plane) if within else plane, knobs))
    for preview in work:
        may_show = preview.draw is not None and pace.try_pass()
        started = time.monotonic()
        labels = preview.labels if may_show else None
        if labels is not None and within:
            labels = within.place(labels)
        pace.mark_labelled(time.monotonic() - started)
        seen = record.model_copy(update={"step": preview.done})
        yield Shown(Steps(preview.done, preview.total), labels, seen)
    labels = work.returned.labels
    made = within.place(labels) if within else labels
    return Shown(Steps(1, 1), made, record)
