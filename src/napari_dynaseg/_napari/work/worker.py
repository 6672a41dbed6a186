"""What runs in the worker thread: a job's training and planes, updates paced."""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg._napari.work.pace import Pace
from napari_dynaseg._napari.work.stack_plan import ViewedStack
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.subsampling import limit_iterations
from napari_dynaseg.recipes.kept_tree import keep_tree
from napari_dynaseg.recipes.painted_recipe import keep_map
from napari_dynaseg.recipes.recipe import Recipe, SettingsChange
from napari_dynaseg.recipes.snapshots import Snapshot, Snapshots
from napari_dynaseg.settings import Settings

if TYPE_CHECKING:
    from napari_dynaseg.method.label_tree import LabelTree
    from napari_dynaseg.method.run import Run
    from napari_dynaseg.method.run_input import RunInput
    from napari_dynaseg.method.step import Step
    from napari_dynaseg.recipes.trained_network import TrainedNetwork
    from napari_dynaseg.recipes.training_planes import TrainingPlanes


class Measures(NamedTuple):
    """The numbers of one iteration, as in `napari_dynaseg.method.fit.Step`."""

    iteration: int
    labels_in_use: int
    weight: float
    similarity: float
    continuity: float


@dataclass(frozen=True, eq=False)
class Progress:
    """How far a run is, with or without labels.

    Parameters
    ----------
    trail
        The numbers of every iteration since the last update.
    snapshots
        Every iteration that was not told of before, to go back to; none of a stack.
    """

    trail: tuple[Measures, ...]
    snapshots: tuple[Snapshot, ...] = ()

    @property
    def now(self) -> Measures:
        """The numbers of the last iteration."""
        return self.trail[-1]


@dataclass(frozen=True, eq=False, kw_only=True)
class Update(Progress):
    """What the viewer shows next: the labels of the last iteration.

    Parameters
    ----------
    labels
        The label map, shape (H, W), numbered so that regions keep their numbers.
    recipe
        What made it.
    keep_network
        Gives the network that made the labels; takes as long as the labels did.
    label_tree
        What the labels are cut from at any detail; `None` of clusters as published.
    kept
        The labels and their tree as entries of metadata, as `keep_map` and `keep_tree` make them;
        only of the last update of a plane, since it takes a while.
    """

    labels: LabelMap
    recipe: Recipe
    keep_network: "Callable[[], TrainedNetwork]"
    label_tree: "LabelTree | None" = None
    kept: dict[str, Any] | None = None

    def keep_labels(self, is_turned: bool) -> "Update":
        """Give it with its labels and their tree as entries of metadata."""
        kept = {**keep_map(self.labels, is_turned), **keep_tree(self.label_tree)}
        return replace(self, kept=kept)


class FirstLabels(NamedTuple):
    """What there is to see before any training: the regions of the tree, at any detail."""

    cut: Callable[[float], LabelMap]


class Steps(NamedTuple):
    """How many steps are done, and how many there are at most."""

    done: int
    total: int


class PlaneDone(Steps):
    """How many planes of a stack have their labels, where one more has got them."""


News = Progress | PlaneDone | FirstLabels | None
Updates = Generator[News, Settings | None, Update | None]


def run_job(job: Job, settings: Settings, pace: Pace, stack: ViewedStack | None = None) -> Updates:
    """Segment a job, as work for a task.

    Parameters
    ----------
    job
        What to segment.
    settings
        The knobs at the start; ``send`` others to turn them on the way.
    pace
        When to show an update.
    stack
        The run through other planes after the job's own, which is trained on.

    Yields
    ------
    Progress, PlaneDone or None
        After every iteration and every plane, `None` where there is nothing to show.

    Returns
    -------
    Update or None
        The last iteration; `None` after a stack.
    """
    if stack is None:
        return _segment_plane(job, settings, pace)
    return _segment_stack(job, pace, stack)


def describe_memory(job: Job) -> str:
    """Say that the memory does not suffice to train on a job's plane."""
    height, width = job.axes.plane_shape
    return (
        f"not enough memory to train on a plane of {height}×{width} pixels; "
        "crop the image, or lower the network's channels"
    )


def _segment_plane(job: Job, settings: Settings, pace: Pace) -> Updates:
    from napari_dynaseg.method.run import run
    from napari_dynaseg.recipes.training_planes import TrainingPlanes

    training = TrainingPlanes.read(job.stack, (job.position,), job.pinned)
    given = training.prepare(
        settings,
        within=job.within,
        scribbled=job.scribbled,
        guidance=job.guidance,
        numbering="live",
    )
    yield from _show_tree(given)
    update = yield from _follow(run(given), _Notes(training, given), pace)
    return update.keep_labels(job.axes.is_turned)


def _segment_stack(job: Job, pace: Pace, stack: ViewedStack) -> Updates:
    plan, labels = stack.plan, stack.labels
    stack.check_pixels()
    if not stack.is_trained:
        prepared = plan.prepare(job.pinned, numbering="live")
        yield from _show_tree(prepared[1])
        notes = _Notes(*prepared, planes=(plan.positions[0], plan.positions[-1]))
        update = yield from _follow(stack.train(prepared), notes, pace)
        yield update
    done, missing = 0, set(stack.list_missing())
    for position in stack.walk():
        done += position is not None
        if position in missing:
            drawn = plan.scribbled if position == plan.start else None
            painted = None if drawn is None else drawn != 0
            stack.maps.remember(position, labels.read_plane(position), painted)
        total = len(plan.positions)
        is_shown = position is not None and (done == total or pace.try_pass())
        yield PlaneDone(done, total) if is_shown else None
    return None


def _show_tree(given: "RunInput") -> Iterator[FirstLabels]:
    """Show the regions of the tree, which needs no training; kinds appear in it afterwards."""
    if given.tree is not None:
        tree = given.tree
        yield FirstLabels(lambda detail: given.paint(given.place(tree.cut(detail))))


def _follow(
    steps: "Run", notes: "_Notes", pace: Pace
) -> Generator[Update | Progress | None, Settings | None, Update]:
    """Tell of a training what there is to show."""
    step = next(steps)
    while True:
        notes.add_step(step)
        sent = yield _choose_news(notes, step, pace)
        if sent is not None:
            notes.add_change(step.iteration + 1, sent)
        try:
            step = steps.send(sent)
        except StopIteration as end:
            result = end.value
            return notes.make_update(step, result.labels, result.label_tree)


def _choose_news(notes: "_Notes", step: "Step", pace: Pace) -> Progress | None:
    if notes.is_worth_labelling(step, pace) and pace.try_pass():
        return _make_preview(notes, step, pace)
    return notes.make_progress() if pace.try_count() else None


def _make_preview(notes: "_Notes", step: "Step", pace: Pace) -> Update:
    started = time.monotonic()
    assert step.numbers is not None
    clusters = step.clusters if step.is_quick else step.enlarged
    labelled = step.label(clusters, step.numbers)
    update = notes.make_update(step, *labelled, is_sketch=not step.is_quick)
    pace.mark_labelled(time.monotonic() - started)
    return update


class _Notes:
    """What a run has to remember between two updates."""

    def __init__(self, training: "TrainingPlanes", given: "RunInput", **more: Any) -> None:
        self._training, self._given = training, given
        self._recipe = training.describe(given, 1, **more)
        self._turned: list[tuple[int, Settings]] = []
        self._trail: list[Measures] = []
        self._is_shown = False
        self._snapshots = Snapshots()
        self._settings = given.settings
        self._started, self._most = time.monotonic(), limit_iterations(given.settings)

    def add_step(self, step: "Step") -> None:
        """Note one iteration."""
        if self._is_shown:
            self._trail.clear()
            self._snapshots = Snapshots()
            self._is_shown = False
        self._trail.append(Measures(*(getattr(step, name) for name in Measures._fields)))
        self._take_snapshot(step)

    def _take_snapshot(self, step: "Step", every_pixel: bool = False) -> None:
        if len(self._training.planes) == 1:
            recipe, scaling = self._describe(step), self._training.scaling
            self._snapshots.add(Snapshot.take(step, recipe, scaling, every_pixel))

    def _describe(self, step: "Step") -> Recipe:
        """Write the recipe of an iteration, with the changes made until then.

        Of the detail only the last counts: no training hangs on it.
        """
        last, before, changes = step.iteration, self._given.settings, []
        for iteration, settings in self._turned:
            if iteration > last:
                break
            if not before.trains_like(settings):
                change = SettingsChange(iteration=iteration, settings=settings.model_dump())
                changes.append(change)
            before = settings
        made = {"last_iteration": last, "changes": tuple(changes)}
        return self._recipe.model_copy(update=made).cut_at(before.detail)

    def add_change(self, iteration: int, settings: Settings) -> None:
        """Note settings that count from an iteration on."""
        self._turned.append((iteration, settings))
        if not self._settings.trains_like(settings):
            self._most = min(settings.iterations, iteration - 1 + limit_iterations(settings))
        self._settings = settings

    def is_worth_labelling(self, step: "Step", pace: Pace) -> bool:
        """Tell whether labels that take long are worth it, so near to the end."""
        if step.reduction == 1 or not step.is_quick:
            return True
        each = (time.monotonic() - self._started) / step.iteration
        return pace.is_worth_labelling(each * (self._most - step.iteration))

    def make_progress(self) -> Progress:
        """Tell how far the run is."""
        snapshots, self._snapshots = tuple(self._snapshots), Snapshots()
        return Progress(tuple(self._trail), snapshots)

    def make_update(
        self,
        step: "Step",
        labels: LabelMap,
        label_tree: "LabelTree | None",
        is_sketch: bool = False,
    ) -> Update:
        """Make the update of the last iteration."""
        from napari_dynaseg.recipes.trained_network import TrainedNetwork

        # The last iteration may have been shown already, as a preview.
        first_new = -1 if self._is_shown else 0
        self._is_shown = True
        if step.reduction > 1 and not is_sketch:
            self._take_snapshot(step, every_pixel=True)
        recipe = self._describe(step).model_copy(update={"is_sketch": is_sketch})
        return Update(
            labels=labels,
            recipe=recipe,
            trail=tuple(self._trail[first_new:]),
            keep_network=partial(
                TrainedNetwork.from_step, step, recipe, self._training.scaling, step.table
            ),
            label_tree=label_tree,
            snapshots=tuple(self._snapshots)[first_new:],
        )
