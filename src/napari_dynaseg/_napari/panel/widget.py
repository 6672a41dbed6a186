"""The dock widget: choose an image, turn the knobs, segment, watch."""

from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container
from napari.components import ViewerModel
from napari.utils.notifications import show_error, show_info
from psygnal import Signal

from napari_dynaseg._napari.layers.job import Job, require_whole
from napari_dynaseg._napari.layers.session import Session
from napari_dynaseg._napari.panel.advanced_rows import AdvancedRows
from napari_dynaseg._napari.panel.compare import Compare
from napari_dynaseg._napari.panel.contact_sheet import ExploreButton
from napari_dynaseg._napari.panel.correct.corrections import Corrections
from napari_dynaseg._napari.panel.inputs.annotation_input import GivenChoices
from napari_dynaseg._napari.panel.inputs.image_input import ImageInput
from napari_dynaseg._napari.panel.method_rows import MethodRows
from napari_dynaseg._napari.panel.parts.knob_boxes import MuKnob, make_knob
from napari_dynaseg._napari.panel.parts.row_labels import align_labels
from napari_dynaseg._napari.panel.preferences import (
    LastUsed,
    find_default_mu,
    read_preferences,
    resolve_settings,
)
from napari_dynaseg._napari.panel.recovery_rows import RecoveryRows
from napari_dynaseg._napari.panel.run_buttons import RunButtons
from napari_dynaseg._napari.panel.run_display import RunDisplay
from napari_dynaseg._napari.panel.stack_controls import ALL_PLANES, StackControls
from napari_dynaseg._napari.work.live_run import LiveRun
from napari_dynaseg._napari.work.method_run import MethodRun
from napari_dynaseg._napari.work.panel_watcher import PanelWatcher
from napari_dynaseg._napari.work.preloading import preload_engine
from napari_dynaseg._napari.work.refinement import Refinement
from napari_dynaseg._napari.work.stack_plan import (
    ViewedStack,
    begin_stack,
    choose_plane,
    choose_planes,
)
from napari_dynaseg.counting import write_count
from napari_dynaseg.errors import SegmentationError
from napari_dynaseg.settings import Settings

if TYPE_CHECKING:
    from napari_dynaseg.recipes.trained_network import TrainedNetwork


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
        self._last_used = LastUsed()
        self.run: LiveRun | Refinement | MethodRun | None = None
        self.kept = Session()
        self._waiting: Refinement | None = None  # one whose undo would take much memory
        self._build()
        self.show_settings(self._resolve())
        self._connect()
        self.input.show()
        self._show_idle()

    # -- building ---------------------------------------------------------------------------

    def _build(self) -> None:
        self.input = ImageInput(self._viewer)
        self.image, self.axes_line = self.input.image, self.input.axes_line
        self.scheme = make_knob("scheme")
        self.mu = MuKnob()
        self.explore_button = ExploreButton(self.input, lambda: self.settings)
        self.quality = make_knob("quality")
        self.given = GivenChoices(self._viewer)
        self.scribbles, self.guidance = self.given
        self.stack = StackControls()
        self.buttons = RunButtons()
        self.segment_button, self.stop_button = self.buttons.segment, self.buttons.stop
        self.refine_button = self.buttons.refine
        self.display = RunDisplay(getattr(self._viewer, "theme", "dark"))
        self.extend(
            [
                self.input.row,
                self.input.level,
                self.input.within,
                self.scheme,
                self.mu,
                self.explore_button,
                self.quality,
                *self.given,
                *self.stack.rows,
                self.buttons,
                self.display.bar,
            ]
        )
        self.advanced = AdvancedRows(
            self._viewer, self.input, self.stack, self.given, lambda: self.settings
        )
        self.network, self.copy_row = self.advanced.network, self.advanced.copy_row
        self.methods = MethodRows()
        self.corrections = Corrections(self._viewer, self.input, self.kept)
        self.compare = Compare(self._viewer, self.kept)
        self.recovery = RecoveryRows(self._viewer)
        self._build_native_rows()
        self.watcher = PanelWatcher(self.native)

    def _build_native_rows(self) -> None:
        layout = self.native.layout()
        layout.insertWidget(2, self.axes_line)
        folds = self.corrections.fold, self.methods.fold, self.advanced.fold
        rows = self.display.status, self.compare.row.native, self.display.curves, *folds
        for row in rows:
            layout.addWidget(row)
        layout.insertWidget(0, self.recovery.native)
        layout.addStretch(1)
        self.min_width = 320

    def _connect(self) -> None:
        self.input.read.connect(self.stack.show_axes)
        self.scheme.changed.connect(self._on_scheme)
        self.mu.turned.connect(self._on_mu)
        self.mu.reset_asked.connect(self._reset_mu)
        self.explore_button.chosen.connect(self.adopt)
        for knob in self._list_start_knobs():
            knob.changed.connect(lambda value, name=knob.name: self._remember(name, value))
        self.advanced.defaults_button.changed.connect(self.restore_defaults)
        self.segment_button.changed.connect(lambda: self.start())
        self.network.loaded.connect(self.start)
        self.refine_button.changed.connect(lambda: self.refine())
        self.methods.asked.connect(self.run_method)
        for fold in (self.corrections.fold, self.methods.fold, self.advanced.fold):
            fold.toggled.connect(self._make_room)
        self.stop_button.changed.connect(self.stop)
        self.compare.told.connect(self.display.show_aside)
        self.compare.concluded.connect(self.display.show_words)
        self.kept.offered.connect(self.network.offer)
        self.corrections.flip_asked.connect(self.compare.flip)
        self.corrections.queue.written.connect(self.compare.end)
        self.watcher.painted += [self._align_rows, self.display.curves.build, preload_engine]
        self.watcher.docked.append(lambda: self.recovery.begin(self.native.window()))
        self.watcher.closed.append(self._on_closed)

    def _make_room(self) -> None:
        """Hide the curves while something is folded out: the panel would be too tall."""
        folds = self.corrections.fold, self.methods.fold, self.advanced.fold
        self.display.curves.setHidden(any(fold.isExpanded() for fold in folds))

    def _align_rows(self) -> None:
        for container in (self, self.methods, self.advanced):
            align_labels(container)

    def _list_start_knobs(self) -> list[Any]:
        """List the knobs that only count at the start of a run."""
        return [
            self.quality,
            self.stack.strategy,
            *self.advanced.knobs,
        ]

    # -- knobs ------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """The knobs as the panel shows them.

        Raises
        ------
        SettingsError
            If they do not go together.
        """
        return Settings(
            scheme=self.scheme.value,
            mu=self.mu.box.value,
            **{knob.name: knob.value for knob in self._list_start_knobs()},
        )

    def _resolve(self) -> Settings:
        return resolve_settings(self._last_used.knobs, read_preferences())

    def show_settings(self, settings: Settings) -> None:
        """Show settings in the panel, without remembering them for the next session."""
        for knob in (self.scheme, *self._list_start_knobs()):
            with knob.changed.blocked():
                knob.value = getattr(settings, knob.name)
        self._enable_quality(self.run is None)
        self.mu.show_value(settings.mu)
        self.mu.show_scheme(settings.scheme, find_default_mu(settings.scheme, read_preferences()))

    def _remember(self, name: str, value: Any) -> None:
        self._last_used.remember(name, value)
        self._send_settings()

    def _on_scheme(self, scheme: str) -> None:
        self._last_used.remember("scheme", scheme)
        self._enable_quality(self.run is None)
        self._show_mu()
        self._send_settings()

    def _on_mu(self, mu: float) -> None:
        self._remember("mu", mu)

    def adopt(self, scheme: str, mu: float) -> None:
        """Turn scheme and μ to what was chosen on a contact sheet, as if by hand."""
        self.scheme.value, self.mu.box.value = scheme, mu

    def _reset_mu(self) -> None:
        self._last_used.forget("mu")
        self._show_mu()
        self._send_settings()

    def _show_mu(self) -> None:
        """Show the μ of the scheme, unless the user has turned μ."""
        default = find_default_mu(self.scheme.value, read_preferences())
        self.mu.show_value(self._last_used.knobs.get("mu", default))
        self.mu.show_scheme(self.scheme.value, default)

    def restore_defaults(self) -> None:
        """Forget everything turned in the panel; the Preferences page counts again."""
        self._last_used.forget()
        self.show_settings(self._resolve())
        self._send_settings()

    def _send_settings(self) -> None:
        if isinstance(self.run, LiveRun):
            settings = self.settings
            if self.run.change(settings):
                self.display.show_turn(settings, self.run.update)

    # -- running ----------------------------------------------------------------------------

    def start(self, network: "TrainedNetwork | None" = None) -> None:
        """Segment the planes chosen; what stands in the way is shown as a notification.

        Parameters
        ----------
        network
            One that was trained before, to label them with; by default one is trained.
        """
        if self.run is not None:
            return
        try:
            settings = self.settings
            job, stack = self._plan(self.input.snapshot(), settings, network)
        except SegmentationError as error:
            show_error(str(error))
            return
        if stack and stack.plan.output:
            show_info(f"the labels of the stack are kept in {stack.plan.output}")
        self._drop_waiting()
        run = self.run = LiveRun(self._viewer, job, settings, stack)
        run.progressed.connect(self.display.show_update)
        run.counted.connect(self.display.show_update)
        run.plane_done.connect(self.display.show_plane)
        run.ended.connect(self._on_ended)
        run.released.connect(lambda: self._keep(run))
        self._show_running(settings)
        run.start()

    def _keep(self, run: LiveRun) -> None:
        """Keep a run beside its layer, and carry over what was painted on an earlier one."""
        self.kept.keep(run.layer, run.keep())
        if run.layer not in self._viewer.layers:
            return
        self.compare.follow_selection()
        if pixels := self.kept.carry_paint(run.layer, list(self._viewer.layers)):
            self.recovery.protect(run.layer)
            what = write_count(pixels, "painted or locked pixel")
            show_info(f"carried over into {run.layer.name!r}: {what}")

    def refine(self) -> None:
        """Train on with what was painted on the selected labels, or on the last ones."""
        if self.run is not None:
            return
        if waiting := self._drop_waiting():
            waiting.confirm()
            self._on_refined(waiting)
            return
        try:
            layer, point = self._viewer.layers.selection.active, self._viewer.dims.point
            settings = self.settings
            is_for_all = self.stack.refine.value == ALL_PLANES
            run = self.run = Refinement(self.kept, layer, point, settings, is_for_all)
        except SegmentationError as error:
            show_error(str(error))
            return
        run.progressed.connect(self.display.show_iteration)
        run.plane_done.connect(self.display.show_plane)
        run.ended.connect(lambda: self._on_refined(run))
        self._show_running(settings.change(iterations=settings.refine_iterations), True)
        run.start()

    def _on_aside_ended(self, outcome: str) -> None:
        """Say what a run came to that is none of the network's own, if it came to something."""
        self.run = None
        self._show_idle()
        if outcome:
            self.display.show_words(outcome)
        self.run_ended.emit()

    def _on_refined(self, run: Refinement) -> None:
        if run.change is not None:
            self.compare.end()
        elif run.question:
            self._waiting = run
            self.buttons.ask(run.question)
        self._on_aside_ended("" if run.change is None else "Refined; Ctrl+Z takes it back.")

    def _drop_waiting(self) -> Refinement | None:
        waiting, self._waiting = self._waiting, None
        self.buttons.ask("")
        return waiting

    def run_method(self) -> None:
        """Segment the plane on view by the other method chosen, into a layer of its own."""
        if self.run is not None:
            return
        try:
            job, knobs = self.input.snapshot(), self.methods.configure()
        except SegmentationError as error:
            show_error(str(error))
            return
        run = self.run = MethodRun(self._viewer, job, self.methods.method, knobs)
        run.progressed.connect(self.display.show_steps)
        run.ended.connect(lambda: self._on_aside_ended(run.outcome))
        self._show_running(self.settings, True)
        run.start()

    def _plan(
        self, job: Job, settings: Settings, network: "TrainedNetwork | None"
    ) -> tuple[Job, ViewedStack | None]:
        ranges = self.stack.read_ranges()
        if network is not None:
            require_whole(job, "a saved network")
        job, box = choose_planes(job, ranges) if ranges else choose_plane(job)
        if network is None:
            job = self.given.add_to(job)
            if ranges is None:
                return job, None
        folder = None if ranges is None else self.stack.read_folder()
        return begin_stack(job, box, settings, folder, network)

    def stop(self) -> None:
        """Stop the run, if there is one, and keep its labels."""
        if self.run is not None:
            self.run.stop()

    def _on_ended(self) -> None:
        run, self.run = self.run, None
        self._show_idle(run if isinstance(run, LiveRun) else None)
        self.run_ended.emit()

    def _on_closed(self) -> None:
        """Let go of the viewer; a run stops and leaves its labels."""
        if self.run is not None:
            for signal in self.run.list_signals():
                signal.disconnect()
            self.run.stop()
            self.run = None
        self.compare.close()
        self.kept.close()
        self.corrections.close()
        self.recovery.forget_viewer()
        self.explore_button.close_sheet()
        for choice in self.given:
            choice.forget_viewer()
        self.input.forget_viewer()

    # -- showing ----------------------------------------------------------------------------

    def _show_running(self, settings: Settings, keep_curves: bool = False) -> None:
        self.buttons.show_running(True)
        self.compare.show_running(True)
        self._enable_start_knobs(False)
        self.display.show_start(settings, keep_curves)

    def _show_idle(self, run: LiveRun | None = None) -> None:
        self.buttons.show_running(False)
        self.compare.show_running(False)
        self._enable_start_knobs(True)
        update, labels = (run.update, run.count_labels()) if run else (None, 0)
        self.display.show_end(update, labels)

    def _enable_start_knobs(self, enabled: bool) -> None:
        for rows in (
            self.advanced,
            *self.given,
            self.methods,
            self.explore_button,
            *self.stack.rows,
        ):
            rows.enabled = enabled
        self._enable_quality(enabled)

    def _enable_quality(self, enabled: bool) -> None:
        self.quality.enabled = enabled and self.scheme.value != "auto"  # which is always fast
