"""The dock widget: choose an image, turn the knobs, segment, watch."""

import threading
import time
from typing import Any

from magicgui.widgets import Container, ProgressBar, PushButton
from napari.components import ViewerModel
from napari.utils.notifications import show_error
from psygnal import Signal
from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QLabel
from superqt import QCollapsible

from napari_dynaseg._napari.choice import ImageChoice
from napari_dynaseg._napari.knobs import MuKnob, make_knob
from napari_dynaseg._napari.layers import read_layer_axes, snapshot
from napari_dynaseg._napari.preferences import (
    LastUsed,
    find_default_mu,
    read_preferences,
    resolve_settings,
)
from napari_dynaseg._napari.run import LiveRun
from napari_dynaseg._napari.worker import Update
from napari_dynaseg.errors import SegmentationError
from napari_dynaseg.fast import limit_iterations
from napari_dynaseg.settings import Settings

LIVE_KNOBS = ("scheme", "mu")
MAIN_KNOBS = (*LIVE_KNOBS, "quality")


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
        self._viewer = napari_viewer
        self._last_used = LastUsed()
        self.run: LiveRun | None = None
        self._started = 0.0
        self._build()
        self.show_settings(self._resolve())
        self._connect()
        self._show_axes()
        self._show_idle()

    # -- building ---------------------------------------------------------------------------

    def _build(self) -> None:
        self.image = ImageChoice(self._viewer)
        self.axes_line = _make_line()
        self.scheme = make_knob("scheme")
        self.mu = MuKnob()
        self.quality = make_knob("quality")
        self.segment_button = PushButton(
            text="Segment", tooltip="Segment the plane on view into a new Labels layer"
        )
        self.stop_button = PushButton(
            text="Stop", tooltip="End the run and keep the labels as they are now"
        )
        self.buttons = Container(
            widgets=[self.segment_button, self.stop_button], layout="horizontal", labels=False
        )
        self.buttons.margins = (0, 0, 0, 0)
        self.progress = ProgressBar(min=0, max=1, value=0, tooltip="Iterations done")
        self.status = _make_line()
        self.extend([self.image, self.scheme, self.mu, self.quality, self.buttons, self.progress])
        self._build_advanced()
        self._build_native_rows()
        self.watcher = PanelWatcher(self.native)

    def _build_advanced(self) -> None:
        names = [name for name in Settings.model_fields if name not in MAIN_KNOBS]
        self.advanced = Container(widgets=[make_knob(name) for name in names])
        self.defaults_button = PushButton(
            text="Restore defaults", tooltip="Forget what was turned here; back to Preferences"
        )
        self.advanced.append(self.defaults_button)
        self.advanced_fold = QCollapsible("Advanced", expandedIcon="▾", collapsedIcon="▸")
        self.advanced_fold.addWidget(self.advanced.native)
        self.advanced_fold.setToolTip("The network, its training and where it computes")

    def _build_native_rows(self) -> None:
        from napari_dynaseg._napari.curves import Curves

        self.curves = Curves(getattr(self._viewer, "theme", "dark"))
        layout = self.native.layout()
        layout.insertWidget(1, self.axes_line)
        for row in (self.status, self.curves, self.advanced_fold):
            layout.addWidget(row)
        layout.addStretch(1)
        self.min_width = 320

    def _connect(self) -> None:
        self.image.changed.connect(self._show_axes)
        self._viewer.dims.events.connect(self._show_axes)
        self.scheme.changed.connect(self._on_scheme)
        self.mu.turned.connect(self._on_mu)
        self.mu.reset_asked.connect(self._reset_mu)
        for knob in self._list_start_knobs():
            knob.changed.connect(lambda value, name=knob.name: self._remember(name, value))
        self.defaults_button.changed.connect(self.restore_defaults)
        self.segment_button.changed.connect(self.start)
        self.stop_button.changed.connect(self.stop)
        self.watcher.painted.append(preload_engine)
        self.watcher.closed.append(self._on_closed)

    def _list_start_knobs(self) -> list[Any]:
        """List the knobs that only count at the start of a run."""
        return [
            self.quality,
            *(knob for knob in self.advanced if knob.name in Settings.model_fields),
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
        self.mu.show_value(settings.mu)
        self.mu.show_scheme(settings.scheme, find_default_mu(settings.scheme, read_preferences()))

    def _remember(self, name: str, value: Any) -> None:
        self._last_used.remember(name, value)
        self._send_settings()

    def _on_scheme(self, scheme: str) -> None:
        self._last_used.remember("scheme", scheme)
        self._show_mu()
        self._send_settings()

    def _on_mu(self, mu: float) -> None:
        self._remember("mu", mu)

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
        if self.run is not None:
            self.run.change(self.settings)

    # -- running ----------------------------------------------------------------------------

    def start(self) -> None:
        """Segment the plane on view; what stands in the way is shown as a notification."""
        if self.run is not None:
            return
        try:
            if self.image.value is None:
                raise SegmentationError("there is no image to segment; open one first")
            job = snapshot(self.image.value, self._viewer.dims)
            settings = self.settings
        except SegmentationError as error:
            show_error(str(error))
            return
        self.run = LiveRun(self._viewer, job, settings)
        self.run.progressed.connect(self._show_update)
        self.run.ended.connect(self._on_ended)
        self._show_running(settings)
        self.run.start()

    def stop(self) -> None:
        """Stop the run, if there is one, and keep its labels."""
        if self.run is not None:
            self.run.stop()

    def _on_ended(self) -> None:
        update = self.run.update if self.run is not None else None
        self.run = None
        self._show_idle(update)
        self.run_ended.emit()

    def _on_closed(self) -> None:
        """Let go of the viewer; a run stops and leaves its labels."""
        if self.run is not None:
            self.run.progressed.disconnect(self._show_update)
            self.run.ended.disconnect(self._on_ended)
            self.run.stop()
            self.run = None
        self._viewer.dims.events.disconnect(self._show_axes)
        self.image.forget_viewer()

    # -- showing ----------------------------------------------------------------------------

    def _show_axes(self, _event: object = None) -> None:
        layer = self.image.value
        if layer is None:
            self.axes_line.setText("Open an image to segment it.")
            return
        try:
            self.axes_line.setText(read_layer_axes(layer, self._viewer.dims).sentence)
        except SegmentationError as error:
            self.axes_line.setText(str(error))

    def _show_running(self, settings: Settings) -> None:
        self._started = time.monotonic()
        self.curves.clear_curves()
        self.segment_button.enabled = False
        self.stop_button.enabled = True
        self.advanced.enabled = self.quality.enabled = False
        self.progress.max, self.progress.value = limit_iterations(settings), 0
        self.status.setText("Starting …")

    def _show_idle(self, update: Update | None = None) -> None:
        self.segment_button.enabled = True
        self.stop_button.enabled = False
        self.advanced.enabled = self.quality.enabled = True
        if update is None:
            self.progress.value = 0
            self.status.setText("Press Segment to begin.")
        else:
            self.progress.value = self.progress.max
            self.status.setText(
                f"{update.now.labels_in_use} labels after {update.now.iteration} iterations "
                f"and {_write_seconds(time.monotonic() - self._started)}"
            )

    def _show_update(self, update: Update) -> None:
        now, most = update.now, int(self.progress.max)
        elapsed = time.monotonic() - self._started
        left = elapsed / now.iteration * (most - now.iteration)
        self._show_progress(now.iteration)
        self.status.setText(
            f"iteration {now.iteration} of {most} · q' = {now.labels_in_use} · "
            f"w = {now.weight:.3g} · {_write_seconds(elapsed)}, "
            f"at most {_write_seconds(left)} left"
        )
        self.curves.add_update(update)

    def _show_progress(self, iteration: int) -> None:
        # Qt's bar repaints the whole window before it returns, unless updates are off.
        bar = self.progress.native
        bar.setUpdatesEnabled(False)
        self.progress.value = iteration
        bar.setUpdatesEnabled(True)


class PanelWatcher(QObject):
    """Tells when a panel has been painted for the first time, and when its dock has let it go.

    Parameters
    ----------
    panel
        The native widget of the panel.
    """

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self.painted: list[Any] = []
        self.closed: list[Any] = []
        self._was_docked = False
        panel.installEventFilter(self)

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802
        """Look at the panel's events and let all of them pass."""
        if event.type() == QEvent.Type.Paint:
            self._call_once(self.painted)
        elif event.type() == QEvent.Type.ParentChange:
            if watched.parent() is not None:
                self._was_docked = True
            elif self._was_docked:
                self._call_once(self.closed)
        return False

    @staticmethod
    def _call_once(callbacks: list[Any]) -> None:
        while callbacks:
            QTimer.singleShot(0, callbacks.pop(0))


def preload_engine() -> threading.Thread:
    """Load torch off the main thread, so that the first run need not wait for it."""
    from importlib import import_module

    thread = threading.Thread(
        target=import_module, args=("napari_dynaseg.fit",), name="load torch for napari-dynaseg"
    )
    thread.start()
    return thread


def _make_line() -> QLabel:
    line = QLabel()
    line.setWordWrap(True)
    return line


def _write_seconds(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    text = f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
    return text.replace(" ", "\N{NO-BREAK SPACE}")
