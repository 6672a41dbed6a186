"""One run in the viewer: the Labels layer that evolves while the network is trained."""

from collections.abc import Callable
from dataclasses import replace

from napari.components import ViewerModel

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg._napari.layers.kept_run import KeptRun
from napari_dynaseg._napari.work.stack_plan import ViewedStack
from napari_dynaseg._napari.work.viewer_run import LayerRun
from napari_dynaseg._napari.work.worker import FirstLabels, PlaneDone, Progress, Update, run_job
from napari_dynaseg.counting import write_count
from napari_dynaseg.labels.numbering import LabelMap, count_labels
from napari_dynaseg.method.label_tree import LabelTree
from napari_dynaseg.recipes.snapshots import Snapshots
from napari_dynaseg.settings import Settings


class LiveRun(LayerRun):
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

    def __init__(
        self,
        viewer: ViewerModel,
        job: Job,
        settings: Settings,
        stack: ViewedStack | None = None,
    ) -> None:
        self._stack = stack
        self._settings = stack.plan.settings if stack else settings
        self._detail = self._settings.detail  # as it is wanted now
        self._cut: Callable[[float], LabelMap] | None = None  # cuts what is on view
        self.update: Update | None = None
        self._has_planes = False
        self._snapshots = Snapshots()
        self.is_taught = job.scribbled is not None or job.guidance is not None
        super().__init__(
            viewer,
            job,
            "segments",
            lambda pace: run_job(job, settings, pace, stack),
            stack.labels.array if stack else None,
        )

    def turn_knobs(self, settings: Settings) -> bool:
        """Turn the knobs; the training follows at its next iteration, what is on view at once."""
        if self._has_planes:
            return False
        self._task.send(settings)
        if settings.detail != self._detail:
            self._detail = settings.detail
            self._cut_now()
        return True

    @property
    def has_detail(self) -> bool:  # type: ignore[override]
        """Whether another detail would still count."""
        return self._settings.needs_tree and not self._has_planes

    def _cut_now(self) -> None:
        """Cut what is on view where the slider stands."""
        if self._cut is None or self.layer.data is not self._data:
            return
        if self.update is None:
            self._show_first()
        else:
            self._show_update(self.update)

    def _show_news(self, news: Progress | PlaneDone | FirstLabels) -> bool:
        if isinstance(news, FirstLabels):
            self._cut = news.cut
            self._show_first()
            return False
        if isinstance(news, Update):
            self._show_result(news)
            return True
        if isinstance(news, PlaneDone):  # the worker has written it
            self._has_planes = True
            self._refresh()
        else:
            self._add_snapshots(news)
        self.progressed.emit(news)
        return True

    def _show_first(self) -> None:
        assert self._cut is not None
        self._write(self._cut(self._detail), {})
        self._has_labels = False  # none that a recipe makes: a stop here leaves nothing

    def _show_result(self, result: Update) -> None:
        self._show_update(result)
        self._add_snapshots(result)
        self.progressed.emit(result)

    def _show_update(self, update: Update) -> None:
        tree = update.label_tree
        self._cut = None if tree is None else tree.cut
        if tree is not None and update.recipe.detail != self._detail:
            update = self._cut_update(update, tree)
        self._write(update.labels, update.recipe.to_metadata())
        self.update = update

    def _cut_update(self, update: Update, tree: LabelTree) -> Update:
        """Cut an update where the tree is wanted to be cut by now."""
        labels, detail = self._job.lay_strokes(tree.cut(self._detail)), self._detail
        recipe, keep_network = update.recipe.cut_at(detail), update.keep_network
        cut = replace(
            update,
            labels=labels,
            recipe=recipe,
            keep_network=lambda: replace(keep_network(), recipe=recipe),
        )
        return cut.keep_labels(self._job.axes.is_turned) if update.kept else cut

    def _set_labels(self, labels: LabelMap) -> None:
        if self._stack is None:
            super()._set_labels(labels)
        else:
            self._stack.labels.show_plane(self._stack.plan.start, labels)

    def _add_snapshots(self, update: Progress) -> None:
        if self._stack is None:
            for snapshot in update.snapshots:
                self._snapshots.add(snapshot)

    def _end(self) -> None:
        if self.update is not None and self._stack is None:
            kept = self.update.kept or self.update.keep_labels(self._job.axes.is_turned).kept or {}
            self.layer.metadata = {**self.layer.metadata, **kept}
        super()._end()

    def describe_end(self, duration: str) -> str:
        """Say how many labels it came to; of a stack whose planes were shown, nothing."""
        if self.update is None and self._cut is not None:
            return "Stopped before the first iteration, so no labels are kept."
        if self.update is None or self._has_planes:
            return ""
        # The network may use more or less, and paint adds some.
        count = count_labels(self.update.labels if self._stack else self.layer.data)
        iterations = write_count(self.update.now.iteration, "iteration")
        return f"{write_count(count, 'label')} after {iterations} and {duration}"

    def keep(self) -> KeptRun:
        """Give what is kept of the run beside its layer."""
        if self._stack is not None:
            keep_network = self._stack.read_network if self._stack.is_trained else None
            kept = KeptRun(self._job, True, self._settings, keep_network, self._stack.maps)
        else:
            kept = KeptRun(self._job, False, self._settings, snapshots=self._snapshots)
        if self.update is not None:
            recipe, kept.tree = self.update.recipe, self.update.label_tree
            kept.settings = self._settings.change(detail=recipe.detail)
        if self.update is not None and self._stack is None:
            kept.keep_network = self.update.keep_network
            drawn = self._job.scribbled
            painted = None if drawn is None else drawn != 0
            kept.maps.remember(self._job.position, self.update.labels, painted)
        return kept
