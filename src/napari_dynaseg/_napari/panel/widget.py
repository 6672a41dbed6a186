"""The dock widget: choose an image, turn the knobs, segment, watch."""

from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container
from napari.components import ViewerModel
from napari.utils.notifications import show_info
from psygnal import Signal

from napari_dynaseg._napari.layers.job import Job, require_whole
from napari_dynaseg._napari.layers.session import Session
from napari_dynaseg._napari.panel.advanced_rows import AdvancedRows
from napari_dynaseg._napari.panel.compare import Compare
from napari_dynaseg._napari.panel.contact_sheet import ExploreButton
from napari_dynaseg._napari.panel.correct.corrections import Corrections
from napari_dynaseg._napari.panel.method_rows import MethodRows
from napari_dynaseg._napari.panel.parts.rows import Row, align_labels, make_button
from napari_dynaseg._napari.panel.progress_display import ProgressDisplay
from napari_dynaseg._napari.panel.recovery_rows import RecoveryRows
from napari_dynaseg._napari.panel.run_inputs import RunInputs
from napari_dynaseg._napari.panel.stack_controls import ALL_PLANES
from napari_dynaseg._napari.work.confirmation import Confirmation
from napari_dynaseg._napari.work.kind_view import KindView
from napari_dynaseg._napari.work.live_run import LiveRun
from napari_dynaseg._napari.work.method_run import MethodRun
from napari_dynaseg._napari.work.notifications import show_errors
from napari_dynaseg._napari.work.panel_watcher import PanelWatcher
from napari_dynaseg._napari.work.preloading import preload_engine
from napari_dynaseg._napari.work.recutting import Recutting
from napari_dynaseg._napari.work.refinement import REFINES_CLUSTERS, Refinement
from napari_dynaseg._napari.work.stack_plan import ViewedStack, begin_stack
from napari_dynaseg._napari.work.viewer_run import ViewerRun
from napari_dynaseg._napari.work.worker import PlaneDone
from napari_dynaseg.counting import write_count
from napari_dynaseg.settings import OUTCOMES, Settings

if TYPE_CHECKING:
    from napari_dynaseg.recipes.trained_network import TrainedNetwork

REFINE_TIP = (
    "Train on with what you have painted on the selected labels; your paint stays as it is, and "
    "what is like it and touches it follows"
)


class SegmenterPanel(Container[Any]):
    """The panel of the dynamic-weight segmenter.

    Parameters
    ----------
    napari_viewer
        The viewer; napari fills it in by this name.
    """

    run_ended = Signal()

    def __init__(self, napari_viewer: ViewerModel) -> None:
        super().__init__(labels=True)
        # Through the proxy that napari may pass, no layer would be the layer itself.
        self._viewer: ViewerModel = getattr(napari_viewer, "__wrapped__", napari_viewer)
        self.run: ViewerRun | None = None
        self.kept = Session()
        self._confirmation = Confirmation()  # of what Refine would change
        self._build()
        self._connect()
        self.input.show()
        self._show_running(False)
        self.display.show_idle()

    # -- building ---------------------------------------------------------------------------

    def _build(self) -> None:
        inputs = self.inputs = RunInputs(self._viewer)
        self.input, self.annotations, self.stack = inputs.image, inputs.annotations, inputs.stack
        self.image, self.axes_line = self.input.image, self.input.axes_line
        self.scribbles, self.guidance = self.annotations.boxes
        self.knobs = inputs.knobs
        self.scheme, self.mu, self.quality = self.knobs.scheme, self.knobs.mu, self.knobs.quality
        self.result, self.detail = self.knobs.result, self.knobs.detail
        self.explore_button = ExploreButton(inputs)
        self.kind_button = make_button("By kind", "")
        self.kind_button.max_width = 70
        self.kind_button.native.setCheckable(True)
        self.display = ProgressDisplay(getattr(self._viewer, "theme", "dark"))
        self.extend(
            [
                self.input.row,
                self.input.level,
                self.input.region_of_interest,
                Row(self.result, self.kind_button, label=self.result.label),
                self.detail,
                self.scheme,
                self.mu,
                Row(self.quality, self.explore_button, label=self.quality.label),
                *self.annotations.boxes,
                *self.stack.rows,
                self._build_buttons(),
                self.display.bar,
            ]
        )
        self.advanced = AdvancedRows(self._viewer, inputs)
        self.network, self.copy_row = self.advanced.network, self.advanced.copy_row
        self.methods = MethodRows()
        self.compare = Compare(self._viewer, self.kept)
        self.recutting = Recutting(self._viewer, self.kept, lambda: self.compare.layer)
        self.kinds = KindView(self._viewer, self.recutting)
        self.corrections = Corrections(self._viewer, self.input, self.kept, self.kinds)
        self.recovery = RecoveryRows(self._viewer)
        self._build_native_rows()
        self.watcher = PanelWatcher(self.native)

    def _connect_detail(self) -> None:
        knob, cuts = self.detail, self.recutting
        knob.pressed.connect(lambda: self._cuts_labels() and cuts.press())
        knob.turned.connect(self._cut)
        knob.reset_asked.connect(lambda: self._cut(knob.box.value))
        knob.released.connect(cuts.release)
        cuts.told.connect(self.display.show_words)
        self.kept.turned.connect(lambda: self.display.show_words(""))
        self.kept.turned.connect(self._follow_view)
        self.result.changed.connect(self._follow_view)
        self.kept.turned.connect(self.kinds.refresh)
        self.kind_button.native.clicked.connect(lambda is_on: self.kinds.switch(is_on))
        self.kinds.switched.connect(lambda is_on: self.kind_button.native.setChecked(is_on))
        for event in self._list_views():
            event.connect(self._follow_view)

    def _list_views(self) -> list[Any]:
        return [self._viewer.layers.selection.events.active, self._viewer.dims.events.current_step]

    def _build_buttons(self) -> Row:
        self.segment_button = make_button(
            "Segment", "Segment the plane on view into a new Labels layer", self.start
        )
        self.refine_button = make_button(
            "Refine",
            REFINE_TIP,
            self.refine,
        )
        self.stop_button = make_button(
            "Stop", "End the run and keep the labels as they are now", self.stop
        )
        return Row(self.segment_button, self.refine_button, self.stop_button)

    def _build_native_rows(self) -> None:
        layout = self.native.layout()
        layout.insertWidget(2, self.axes_line)
        self._folds = self.corrections.fold, self.methods.fold, self.advanced.fold
        rows = self.display.status, self.compare.row.native, self.display.curves, *self._folds
        for row in rows:
            layout.addWidget(row)
        layout.insertWidget(0, self.recovery.native)
        layout.addStretch(1)
        self.min_width = 320

    def _connect(self) -> None:
        self.knobs.turned.connect(self._send_settings)
        self._connect_detail()
        self.network.loaded.connect(self.start)
        self._confirmation.asked.connect(self._ask)
        self.methods.asked.connect(self.run_method)
        for fold in self._folds:
            fold.toggled.connect(self._make_room)
        self.compare.told.connect(self.display.show_aside)
        self.compare.concluded.connect(self.display.show_words)
        self.compare.concluded.connect(lambda _words: self._follow_view())
        self.kept.offered.connect(self.network.offer)
        self.corrections.flip_asked.connect(self.compare.flip)
        self.corrections.queue.written.connect(self.compare.end)
        self.watcher.painted += [self._align_rows, self.display.curves.build, preload_engine]
        self.watcher.docked.append(lambda: self.recovery.begin(self.native.window()))
        self.watcher.closed.append(self._on_closed)

    def _make_room(self) -> None:
        """Hide the curves while something is folded out: the panel would be too tall."""
        self.display.curves.setHidden(any(fold.isExpanded() for fold in self._folds))

    def _align_rows(self) -> None:
        for container in (self, self.methods, self.advanced):
            align_labels(container)

    @property
    def settings(self) -> Settings:
        """The knobs as the panel shows them."""
        return self.knobs.settings

    def show_settings(self, settings: Settings) -> None:
        """Show settings in the panel, without remembering them for the next session."""
        self.knobs.show(settings)

    # -- running ----------------------------------------------------------------------------

    @show_errors()
    def start(self, network: "TrainedNetwork | None" = None) -> None:
        """Segment the planes chosen; what stands in the way is shown as a notification.

        Parameters
        ----------
        network
            One that was trained before, to label them with; by default one is trained.
        """
        if self.run is not None:
            return
        settings = self.settings
        job, stack = self._plan(settings, network)
        if stack and stack.plan.output:
            show_info(f"the labels of the stack are kept in {stack.plan.output}")
        self._confirmation.drop()
        run = LiveRun(self._viewer, job, settings, stack)
        run.released.connect(lambda: self._keep(run))
        self.display.curves.clear_curves()
        self._begin(run, settings)

    def _plan(
        self, settings: Settings, network: "TrainedNetwork | None"
    ) -> tuple[Job, ViewedStack | None]:
        job, box = self.inputs.freeze(has_annotations=network is None)
        if network is not None:
            require_whole(job, "a saved network")
        elif box is None:
            return job, None
        folder = None if box is None else self.stack.read_folder()
        return begin_stack(job, box, settings, folder, network)

    def _keep(self, run: LiveRun) -> None:
        """Keep a run beside its layer, and carry over what was painted on an earlier one."""
        self.kept.keep(run.layer, run.keep())
        self._follow_view()
        if run.layer not in self._viewer.layers:
            return
        self.compare.follow_selection()
        if pixels := self.kept.carry_paint(run.layer, list(self._viewer.layers)):
            self.recovery.protect(run.layer)
            what = write_count(pixels, "painted or locked pixel")
            show_info(f"carried over into {run.layer.name!r}: {what}")

    @show_errors()
    def refine(self) -> None:
        """Train on with what was painted on the selected labels, or on the last ones."""
        if self.run is not None:
            return
        if self._confirmation.is_open:
            self._confirmation.confirm()
            return
        layer, dims = self._viewer.layers.selection.active, self._viewer.dims
        settings = self.settings
        is_for_all = self.stack.refine.value == ALL_PLANES
        run = Refinement(self.kept, layer, dims, settings, self._confirmation, is_for_all)
        run.written.connect(lambda: self._on_refined(run))
        self._begin(run, settings.change(iterations=settings.refine_iterations))

    def _on_refined(self, run: Refinement) -> None:
        self.compare.end()
        self.display.show_end(run)

    @show_errors()
    def run_method(self) -> None:
        """Segment the plane on view by the other method chosen, into a layer of its own."""
        if self.run is not None:
            return
        job, knobs = self.input.snapshot(), self.methods.configure()
        self._begin(MethodRun(self._viewer, job, self.methods.method, knobs), self.settings)

    def _ask(self, question: str) -> None:
        """Ask on the button that refines whether to go on; an empty question is none."""
        self.refine_button.text = question or "Refine"

    def _begin(self, run: ViewerRun, settings: Settings) -> None:
        self.run = run
        run.progressed.connect(self._show_progress)
        run.ended.connect(lambda: self._on_ended(run))
        self._show_running(True)
        self.display.show_start(settings, run.is_taught)
        run.start()

    def _show_progress(self, news: Any) -> None:
        self.display.show(news)
        if isinstance(news, PlaneDone):  # at a detail that counts for all of them
            self._explain_detail()

    def _send_settings(self) -> None:
        if self.run is not None and self.run.turn_knobs(settings := self.settings):
            self.display.show_turn(settings)
        self._explain_detail()

    # -- the labels on view -----------------------------------------------------------------

    def _cut(self, detail: float) -> None:
        """Cut the labels on view at another detail; a run does so itself."""
        if self._cuts_labels():
            self.recutting.turn(detail, self.detail.is_held)

    def _cuts_labels(self) -> bool:
        """Tell whether the slider cuts the labels on view: a run cuts its own."""
        return self.run is None and not self._find_other_result()

    def _find_other_result(self) -> str:
        """Give the title of what the labels on view are, where another result is chosen."""
        found = self.recutting.find_plane()
        result = self.result.value if found is None else found[1].settings.result
        return "" if result == self.result.value else OUTCOMES[result].title

    def _follow_view(self, _event: object = None) -> None:
        """Show where the labels on view are cut, and what can be done with them."""
        if self.run is None and not self.detail.is_held:
            detail = self.recutting.read_detail()
            if detail is not None and not self._find_other_result():
                self.knobs.follow_detail(detail)
        self._explain_detail()
        self._offer_refine()
        self._offer_kinds()

    def _explain_detail(self) -> None:
        """Say what the slider cuts, or why it does nothing."""
        if self.run is not None:
            is_of_use = self.run.has_detail
            reason = "" if is_of_use else "This run has nothing that could be cut."
        else:
            reason, is_of_use = self.recutting.explain(), True
            if other := self._find_other_result():
                reason = f"the labels on view are {other}: choose that result to cut them"
            if reason and self.knobs.needs_tree:
                reason = f"Counts from the next Segment on; now {reason}."
            elif reason:
                is_of_use = False
                reason = "Clusters as published have no tree; tick Clean outlines under Advanced."
        self.detail.explain_use(reason, is_of_use)

    def _offer_kinds(self) -> None:
        reason = self.kinds.explain()
        is_free = self.run is None and not reason
        self.kind_button.enabled = self.corrections.rows.kind_button.enabled = is_free
        self.kind_button.tooltip = (
            f"{reason[0].upper()}{reason[1:]}."
            if reason
            else "Colour by kind: regions of one kind have one colour; again: each its own"
        )

    def _offer_refine(self) -> None:
        run = self.kept.get(self.compare.layer)
        is_for_clusters = run is None or run.settings.result == "clusters"
        self.refine_button.enabled = self.run is None and is_for_clusters
        self.refine_button.tooltip = REFINE_TIP if is_for_clusters else REFINES_CLUSTERS

    def stop(self) -> None:
        """Stop the run, if there is one, and keep its labels."""
        if self.run is not None:
            self.run.stop()

    def _on_ended(self, run: ViewerRun) -> None:
        self.run = None
        self._show_running(False)
        self._follow_view()
        self.display.show_end(run)
        self.run_ended.emit()

    def _show_running(self, is_running: bool) -> None:
        """Offer while a run goes on no more than it can follow."""
        self.segment_button.enabled = not is_running
        self._offer_refine()
        self._offer_kinds()
        self._explain_detail()
        self.stop_button.enabled = is_running
        self.compare.show_running(is_running)
        self.knobs.enable_start(not is_running)
        self.explore_button.offer(not is_running)
        for rows in (
            self.advanced,
            *self.annotations.boxes,
            self.methods,
            *self.stack.rows,
        ):
            rows.enabled = not is_running

    def _on_closed(self) -> None:
        """Let go of the viewer; a run stops and leaves its labels."""
        if self.run is not None:
            self.run.leave()
            self.run = None
        for event in self._list_views():
            event.disconnect(self._follow_view)
        self.kinds.close()
        self.recutting.close()
        self.compare.close()
        self.kept.close()
        self.corrections.close()
        self.recovery.forget_viewer()
        self.explore_button.close_sheet()
        self.inputs.forget_viewer()
