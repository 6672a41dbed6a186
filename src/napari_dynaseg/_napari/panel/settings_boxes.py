"""The boxes of all knobs of a run: what they start with, and what is remembered of them."""

from functools import partial
from typing import Any

from psygnal import Signal

from napari_dynaseg._napari.panel.parts.knob_boxes import MuKnob, make_knob
from napari_dynaseg._napari.panel.preferences import (
    LastUsed,
    find_default_mu,
    read_preferences,
    resolve_settings,
)
from napari_dynaseg.settings import Settings

FOLLOW_QUALITY = ("clean", "padding")  # until they are turned


class SettingsBoxes:
    """One box for each field of `Settings`; which row each stands in is the panel's choice."""

    turned = Signal()  # any of them, or several at once

    def __init__(self) -> None:
        self._last_used = LastUsed()
        self._is_idle = True
        self.mu = MuKnob()
        self.boxes: dict[str, Any] = {
            name: self.mu.box if name == "mu" else make_knob(name) for name in Settings.model_fields
        }
        self.scheme, self.quality = self.boxes["scheme"], self.boxes["quality"]
        self.show(self._resolve())
        for name, box in self._list_others():
            box.changed.connect(partial(self._on_turned, name))
        self.mu.turned.connect(partial(self._on_turned, "mu"))
        self.mu.reset_asked.connect(self._reset_mu)

    def _list_others(self) -> list[tuple[str, Any]]:
        """List all boxes but that of μ, which has a slider and a default for each scheme."""
        return [(name, box) for name, box in self.boxes.items() if name != "mu"]

    @property
    def settings(self) -> Settings:
        """The knobs as they are shown.

        Raises
        ------
        SettingsError
            If they do not go together.
        """
        return Settings(**{name: box.value for name, box in self.boxes.items()})

    def _resolve(self) -> Settings:
        return resolve_settings(self._last_used.knobs, read_preferences())

    def show(self, settings: Settings) -> None:
        """Show settings without remembering them for the next session."""
        for name, box in self._list_others():
            with box.changed.blocked():
                box.value = getattr(settings, name)
        self._show_scheme(settings.mu)

    def _show_scheme(self, mu: float | None = None) -> None:
        """Show what goes with the scheme; its μ unless one is named."""
        default = find_default_mu(self.scheme.value, read_preferences())
        self.mu.show_value(default if mu is None else mu)
        self.mu.show_scheme(self.scheme.value, default)
        self.enable_start(self._is_idle)

    def enable_start(self, is_idle: bool) -> None:
        """Offer the boxes that only count at the start of a run, or do not."""
        self._is_idle = is_idle
        self.quality.enabled = is_idle

    def _on_turned(self, name: str, value: Any) -> None:
        self._last_used.remember(name, value)
        if name == "scheme":
            self._show_scheme(self._last_used.knobs.get("mu"))
        if name == "quality":
            self._follow_quality()
        self.turned.emit()

    def _follow_quality(self) -> None:
        """Show what the knobs that follow the quality are with it, unless the user set them."""
        known = {**read_preferences(), **self._last_used.knobs, "quality": self.quality.value}
        settings = resolve_settings(known, {})
        for name in FOLLOW_QUALITY:
            with self.boxes[name].changed.blocked():
                self.boxes[name].value = getattr(settings, name)

    def adopt(self, scheme: str, mu: float) -> None:
        """Turn scheme and μ to what was chosen on a contact sheet, as if by hand."""
        self.scheme.value, self.mu.box.value = scheme, mu

    def _reset_mu(self) -> None:
        self._last_used.forget("mu")
        self._show_scheme()
        self.turned.emit()

    def restore_defaults(self) -> None:
        """Forget everything turned in the panel; the Preferences page counts again."""
        self._last_used.forget()
        self.show(self._resolve())
        self.turned.emit()
