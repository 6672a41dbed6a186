"""The widgets of the knobs, each made from its description in `Settings`."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from magicgui.widgets import CheckBox, ComboBox, Slider
from magicgui.widgets.bases import ValueWidget
from psygnal import Signal

from napari_dynaseg._napari.panel.parts.number_box import make_exact_box, make_whole_box
from napari_dynaseg._napari.panel.parts.rows import Row, make_button
from napari_dynaseg.knobs import Knobs
from napari_dynaseg.settings import (
    CHOICE_TITLES,
    SCHEMES,
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


class MuKnob(Row):
    """μ in a box that holds it exactly, with a logarithmic slider that follows.

    The middle of the slider is the default of the scheme; each end is a factor of about 30 away.
    """

    turned = Signal(float)
    reset_asked = Signal()

    def __init__(self) -> None:
        self._centre = 1.0
        self.box: Any = make_knob("mu")
        self.slider = Slider(min=0, max=SLIDER_STEPS, readout=False)
        self.reset_button = make_button(
            "↺", "Back to the default of the scheme", lambda: self.reset_asked.emit()
        )
        self.reset_button.max_width = 32
        super().__init__(self.box, self.slider, self.reset_button, label="μ", name="mu_knob")
        self.box.min_width = self.box.max_width = 110
        self.box.changed.connect(self._on_box)
        self.slider.changed.connect(self._on_slider)

    def show_scheme(self, scheme: Scheme, default: float) -> None:
        """Centre the slider on a scheme's default, and explain which way μ works there."""
        self._centre = default
        effect = SCHEMES[scheme].effect
        self.box.tooltip = f"{effect[0].upper()}{effect[1:]}. Takes {describe_range('mu')}."
        self.slider.tooltip = f"{effect[0].upper()}{effect[1:]}. The middle is {default:g}."
        self._follow_box()

    def show_value(self, mu: float) -> None:
        """Show a μ that the user has not turned here."""
        with self.box.changed.blocked():
            self.box.value = mu
        self._follow_box()

    def _on_box(self, mu: float) -> None:
        self._follow_box()
        self.turned.emit(mu)

    def _on_slider(self, position: int) -> None:
        decades = SLIDER_DECADES * (position / SLIDER_STEPS - 0.5)
        mu = float(f"{self._centre * 10**decades:.3g}")
        with self.box.changed.blocked():
            self.box.value = min(max(mu, float(self.box.min)), float(self.box.max))
        self.turned.emit(self.box.value)

    def _follow_box(self) -> None:
        decades = math.log10(self.box.value / self._centre)
        position = round(SLIDER_STEPS * (decades / SLIDER_DECADES + 0.5))
        with self.slider.changed.blocked():
            self.slider.value = min(max(position, 0), SLIDER_STEPS)
