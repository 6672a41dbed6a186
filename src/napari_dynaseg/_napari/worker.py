"""What runs in the worker thread: the training of a job, its updates paced, its errors ours."""

import threading
import time
from collections.abc import Generator
from dataclasses import dataclass

from napari_dynaseg._napari.layers import Job
from napari_dynaseg.errors import RunError, SegmentationError
from napari_dynaseg.labels import LabelMap, follow_labels
from napari_dynaseg.recipe import Change, Recipe
from napari_dynaseg.settings import Settings

# At most about seven updates a second, and at most this share of the time spent on drawing.
SECONDS_BETWEEN_UPDATES = 0.14
SHARE_FOR_DRAWING = 0.08


@dataclass(frozen=True, eq=False)
class Update:
    """One iteration as the viewer shows it; the label map is read-only."""

    labels: LabelMap
    recipe: Recipe
    iteration: int
    labels_in_use: int
    weight: float
    similarity: float
    continuity: float
    total: float


@dataclass(frozen=True)
class Failure:
    """Why a run broke off, in one sentence for the user."""

    sentence: str


class Pace:
    """Lets an update through only when the last one has been drawn and some time has passed.

    The slower the viewer draws, the longer the pauses: training keeps the machine.
    """

    def __init__(self, seconds: float = SECONDS_BETWEEN_UPDATES) -> None:
        self._seconds = seconds
        self._drawn = threading.Event()
        self._drawn.set()
        self._next_time = 0.0

    def try_pass(self) -> bool:
        """Tell the worker whether it may show an update now."""
        if not self._drawn.is_set() or time.monotonic() < self._next_time:
            return False
        self._drawn.clear()
        return True

    def mark_drawn(self, seconds: float) -> None:
        """Tell from the main thread that the last update is on the screen, and what it took."""
        self._next_time = time.monotonic() + max(self._seconds, seconds / SHARE_FOR_DRAWING)
        self._drawn.set()


Updates = Generator[Update | None, Settings | None, Update | Failure]


def run_job(job: Job, settings: Settings, pace: Pace) -> Updates:
    """Segment a job, for napari's `thread_worker`.

    A generator worker that raises a RuntimeError never reports that it ended, and torch's
    errors are RuntimeErrors: so every error leaves here as one of ours, those that the user
    can do something about as a returned sentence.

    Parameters
    ----------
    job
        What to segment.
    settings
        The knobs at the start; ``send`` others to turn them on the way.
    pace
        When to show an update.

    Yields
    ------
    Update or None
        After every iteration, `None` where there is nothing to show.

    Returns
    -------
    Update or Failure
        The last iteration, or why there is none.

    Raises
    ------
    RunError
        On anything unforeseen.
    """
    try:
        return (yield from _train_job(job, settings, pace))
    except SegmentationError as error:
        return Failure(str(error))
    except MemoryError:
        return Failure(_describe_memory(job))
    except Exception as error:
        if type(error).__name__ == "OutOfMemoryError" or "not enough memory" in str(error):
            return Failure(_describe_memory(job))
        raise RunError(f"the run broke off: {error}") from error


def _describe_memory(job: Job) -> str:
    height, width = (job.axes.sizes[axis] for axis in job.axes.plane)
    return (
        f"not enough memory to train on a plane of {height}×{width} pixels; "
        "crop the image, or lower the network channels"
    )


def _train_job(job: Job, settings: Settings, pace: Pace) -> Updates:
    from napari_dynaseg.fit import Step, iter_fit

    plane = job.read_plane()
    start = Recipe.now(settings, 1, job.describe_source(plane), numbering="live")
    changes: tuple[Change, ...] = ()
    labels: LabelMap | None = None

    def make_update(step: Step, labels: LabelMap) -> Update:
        made = tuple(change for change in changes if change.iteration <= step.iteration)
        recipe = start.model_copy(update={"last_iteration": step.iteration, "changes": made})
        return Update(
            labels,
            recipe,
            step.iteration,
            step.labels_in_use,
            step.weight,
            step.similarity,
            step.continuity,
            step.total,
        )

    run = iter_fit(plane, settings)
    step = next(run)
    while True:
        labels = follow_labels(step.labels, labels)
        sent = yield make_update(step, labels) if pace.try_pass() else None
        if sent is not None:
            changes += (Change(iteration=step.iteration + 1, settings=sent.model_dump()),)
        try:
            step = run.send(sent)
        except StopIteration:
            return make_update(step, labels)
