"""The widgets of the knobs, each made from its description in `Settings`."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from magicgui.widgets import CheckBox, ComboBox, Label, RadioButtons, Slider
from magicgui.widgets.bases import ValueWidget
from psygnal import Signal
from qtpy.QtWidgets import QAbstractSpinBox, QSizePolicy, QSlider

from napari_dynaseg._napari.panel.parts.number_box import make_exact_box, make_whole_box
from napari_dynaseg._napari.panel.parts.rows import Row, make_button
from napari_dynaseg.knobs import Knobs
from napari_dynaseg.settings import (
    CHOICE_TITLES,
    OUTCOMES,
    SCHEMES,
    Outcome,
    Scheme,
    Settings,
    describe_range,
)

SLIDER_STEPS = 300
SLIDER_DECADES = 3.0


def make_knob(name: str, knobs: type[Knobs] = Settings) -> ValueWidget[Any]:
    """Make the widget of a knob: a box of choices, of whole numbers or of exact numbers.

    Parameters
    ----------
    name
        Name of a field.
    knobs
        Of which class.
    """
    knob = knobs.describe(name)
    shared = {
        "name": name,
        "label": knob["title"],
        "tooltip": f"{knob['description']}. Takes {knobs.describe_range(name)}.",
    }
    if "enum" in knob:
        schemes: dict[str, str] = {key: facts.title for key, facts in SCHEMES.items()}
        titles: Mapping[str, str] = schemes if name == "scheme" else CHOICE_TITLES
        choices = [(titles.get(key, key), key) for key in knob["enum"]]
        if name == "result":
            buttons = RadioButtons(choices=choices, orientation="horizontal", **shared)
            buttons.native.layout().setContentsMargins(0, 0, 0, 0)
            buttons.native.setStyleSheet("QGroupBox { border: none; margin: 0; padding: 0; }")
            return buttons
        return ComboBox(choices=choices, **shared)
    if knob["type"] == "boolean":
        return CheckBox(**shared)
    lowest = knob["minimum"] if "minimum" in knob else knob["exclusiveMinimum"]
    highest = knob["maximum"] if "maximum" in knob else knob["exclusiveMaximum"]
    if knob["type"] == "integer":
        return make_whole_box(lowest, highest, step=knob.get("step", 1), **shared)
    return make_exact_box(lowest, highest, **shared)


def make_knobs(knobs: Knobs, names: Iterable[str]) -> list[ValueWidget[Any]]:
    """Make the widgets of some knobs, with the values that they have."""
    widgets = [make_knob(name, type(knobs)) for name in names]
    for widget in widgets:
        widget.value = getattr(knobs, widget.name)
    return widgets


class SliderKnob(Row):
    """A number in a box that holds it exactly, with a slider that follows, and a way back.

    Parameters
    ----------
    name
        The field of `Settings`.
    box_width
        How wide the box is.
    reset_tip
        What the button at the end does.
    ends
        What the ends of the slider are called; by default nothing.
    """

    turned = Signal(float)
    reset_asked = Signal()
    pressed = Signal()
    released = Signal()

    def __init__(
        self, name: str, box_width: int, reset_tip: str, ends: tuple[str, ...] = ()
    ) -> None:
        self.box: Any = make_knob(name)
        self.slider = Slider(min=0, max=SLIDER_STEPS, readout=False)
        self.handle: Any = self.slider.native.findChild(QSlider)  # what the mouse drags
        self.handle.sliderPressed.connect(lambda: self.pressed.emit())
        self.handle.sliderReleased.connect(lambda: self.released.emit())
        self.reset_button = make_button("↺", reset_tip, lambda: self.reset_asked.emit())
        self.reset_button.max_width = 32
        words = [Label(value=end) for end in ends]
        for word in words:
            word.native.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        widgets = self.box, *words[:1], self.slider, *words[1:], self.reset_button
        super().__init__(*widgets, label=self.box.label, name=f"{name}_knob")
        self.box.min_width = self.box.max_width = box_width
        self.box.changed.connect(self._on_box)
        self.slider.changed.connect(self._on_slider)

    @property
    def is_held(self) -> bool:
        """Whether the mouse holds the slider."""
        return bool(self.handle.isSliderDown())

    def show_value(self, value: float) -> None:
        """Show a value that the user has not turned here."""
        with self.box.changed.blocked():
            self.box.value = value
        self._follow_box()

    def _explain(self, words: str, more: str) -> None:
        sentence = f"{words[0].upper()}{words[1:]}."
        self.box.tooltip = f"{sentence} Takes {describe_range(self.box.name)}."
        self.slider.tooltip = f"{sentence} {more}"

    def _on_box(self, value: float) -> None:
        self._follow_box()
        self.turned.emit(value)

    def _on_slider(self, step: int) -> None:
        value = self._find_value(step / SLIDER_STEPS)
        with self.box.changed.blocked():
            self.box.value = min(max(value, float(self.box.min)), float(self.box.max))
        self.turned.emit(self.box.value)

    def _follow_box(self) -> None:
        step = round(SLIDER_STEPS * self._find_place(self.box.value))
        with self.slider.changed.blocked():
            self.slider.value = min(max(step, 0), SLIDER_STEPS)

    def _find_value(self, place: float) -> float:
        """Find the value at a place of the slider, from 0 to 1."""
        raise NotImplementedError

    def _find_place(self, value: float) -> float:
        """Find the place of a value, the other way round; maybe beyond the ends."""
        raise NotImplementedError


class MuKnob(SliderKnob):
    """μ with a logarithmic slider.

    The middle of the slider is the default of the scheme; each end is a factor of about 30 away.
    """

    def __init__(self) -> None:
        self._centre = 1.0
        super().__init__("mu", 110, "Back to the default of the scheme")

    def show_choice(self, scheme: Scheme, default: float) -> None:
        """Centre the slider on a scheme's default, and explain which way μ works there."""
        self._centre = default
        self._explain(SCHEMES[scheme].effect, f"The middle is {default:g}.")
        self._follow_box()

    def _find_value(self, place: float) -> float:
        return float(f"{self._centre * 10 ** (SLIDER_DECADES * (place - 0.5)):.3g}")

    def _find_place(self, value: float) -> float:
        return math.log10(value / self._centre) / SLIDER_DECADES + 0.5


class DetailKnob(SliderKnob):
    """The detail, from fewer regions to more; its slider cuts the labels on view while it moves."""

    def __init__(self) -> None:
        ends = "fewer", "more"
        super().__init__("detail", 52, "Back to the default of the result", ends)
        self.box.native.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.box.native.setStyleSheet("min-width: 36px; padding: 0;")
        self._effect = ""

    def show_choice(self, result: Outcome, default: float) -> None:
        """Explain what the detail does to a result."""
        title = OUTCOMES[result].title
        self._effect = f"larger detail with {title}: finer; {default:g} is usual"
        self.explain_use()

    def explain_use(self, reason: str = "", is_of_use: bool = True) -> None:
        """Offer the knob, or do not, and say why."""
        self._explain(self._effect, reason or "Cuts the labels on view while it moves.")
        if reason:
            self.box.tooltip = self.slider.tooltip
        self.enabled = is_of_use

    def _find_value(self, place: float) -> float:
        return round(200 * place) / 2

    def _find_place(self, value: float) -> float:
        return value / 100
