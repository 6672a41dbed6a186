"""The boxes of all knobs of a run: what they start with, and what is remembered of them."""

from functools import partial
from typing import Any

from psygnal import Signal

from napari_dynaseg._napari.panel.parts.knob_boxes import DetailKnob, MuKnob, make_knob
from napari_dynaseg._napari.panel.preferences import (
    FOLLOWING,
    LastUsed,
    find_default,
    read_preferences,
    resolve_settings,
)
from napari_dynaseg.settings import Settings

FOLLOW_QUALITY = ("clean", "padding")  # until they are turned
AT_THE_START = ("result", "quality", *FOLLOW_QUALITY)  # later they change nothing


class SettingsBoxes:
    """One box for each field of `Settings`; which row each stands in is the panel's choice."""

    turned = Signal()  # any of them, or several at once

    def __init__(self) -> None:
        self._last_used = LastUsed()
        self._is_idle = True
        self.mu, self.detail = MuKnob(), DetailKnob()
        self._sliders = {"mu": self.mu, "detail": self.detail}
        self.boxes: dict[str, Any] = {
            name: self._sliders[name].box if name in self._sliders else make_knob(name)
            for name in Settings.model_fields
        }
        self.scheme, self.quality = self.boxes["scheme"], self.boxes["quality"]
        self.result = self.boxes["result"]
        self.show(self._resolve())
        for name, box in self._list_others():
            box.changed.connect(partial(self._on_turned, name))
        for name, slider in self._sliders.items():
            slider.turned.connect(partial(self._on_slider, name))
            slider.released.connect(partial(self._remember, name))
            slider.reset_asked.connect(partial(self._reset, name))

    def _list_others(self) -> list[tuple[str, Any]]:
        """List all boxes but those with a slider and a default for each choice of another one."""
        return [(name, box) for name, box in self.boxes.items() if name not in self._sliders]

    @property
    def settings(self) -> Settings:
        """The knobs as they are shown.

        Raises
        ------
        SettingsError
            If they do not go together.
        """
        return Settings(**{name: box.value for name, box in self.boxes.items()})

    @property
    def needs_tree(self) -> bool:
        """Whether the labels of the next run will have the outlines of the tree."""
        return bool(self.boxes["clean"].value or self.result.value != "clusters")

    def _resolve(self) -> Settings:
        return resolve_settings(self._last_used.knobs, read_preferences())

    def show(self, settings: Settings) -> None:
        """Show settings without remembering them for the next session."""
        for name, box in self._list_others():
            with box.changed.blocked():
                box.value = getattr(settings, name)
        for name in self._sliders:
            self._show_slider(name, getattr(settings, name))
        self.enable_start(self._is_idle)

    def _name_kept(self, name: str) -> str:
        """Give the name by which a knob with a slider is remembered for what is chosen now."""
        return f"{name}_{self.boxes[FOLLOWING[name][0]].value}"

    def _show_slider(self, name: str, value: float | None = None) -> None:
        """Show a slider as it is for what is chosen: where it was left there, if nothing is said.

        A μ of one scheme means nothing in another.
        """
        choice = self.boxes[FOLLOWING[name][0]].value
        default = find_default(name, choice, read_preferences())
        if value is None:
            value = find_default(name, choice, {**read_preferences(), **self._last_used.knobs})
        self._sliders[name].show_value(value)
        self._sliders[name].show_choice(choice, default)

    def enable_start(self, is_idle: bool) -> None:
        """Offer the boxes that only count at the start of a run, or do not."""
        self._is_idle = is_idle
        for name in AT_THE_START:
            self.boxes[name].enabled = is_idle
        if is_idle and self.result.value != "clusters":
            self.boxes["clean"].enabled = False  # regions are nothing else

    def _on_turned(self, name: str, value: Any) -> None:
        self._last_used.remember(name, value)
        for slider, (other, _) in FOLLOWING.items():
            if name == other:
                self._show_slider(slider)
        if name == "quality":
            self._follow_quality()
        self.enable_start(self._is_idle)
        self.turned.emit()

    def _on_slider(self, name: str, _value: float) -> None:
        if not self._sliders[name].is_held:  # the disk is too slow for every move
            self._remember(name)
        self.turned.emit()

    def _remember(self, name: str) -> None:
        self._last_used.remember(self._name_kept(name), self.boxes[name].value)

    def _follow_quality(self) -> None:
        """Show what the knobs that follow the quality are with it, unless the user set them."""
        known = {**read_preferences(), **self._last_used.knobs, "quality": self.quality.value}
        settings = resolve_settings(known, {})
        for name in FOLLOW_QUALITY:
            with self.boxes[name].changed.blocked():
                self.boxes[name].value = getattr(settings, name)

    def follow_detail(self, detail: float) -> None:
        """Show where the labels on view are cut, and go on from there."""
        if detail != self.detail.box.value:
            self.detail.show_value(detail)
            self._remember("detail")

    def adopt(self, scheme: str, mu: float) -> None:
        """Turn scheme and μ to what was chosen on a contact sheet, as if by hand."""
        self.scheme.value, self.mu.box.value = scheme, mu

    def _reset(self, name: str) -> None:
        self._last_used.forget(self._name_kept(name))
        self._show_slider(name)
        self.turned.emit()

    def restore_defaults(self) -> None:
        """Forget everything turned in the panel; the Preferences page counts again."""
        self._last_used.forget()
        self.show(self._resolve())
        self.turned.emit()
