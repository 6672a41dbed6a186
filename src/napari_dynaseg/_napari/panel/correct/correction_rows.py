"""The widgets of the correction tools: choices, buttons, numbers, names and measurements."""

from typing import Any

import numpy as np
from magicgui.widgets import CheckBox, ComboBox, Container, LineEdit, PushButton
from napari.components import ViewerModel
from psygnal import Signal
from qtpy.QtCore import QStringListModel
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QColorDialog, QCompleter

from napari_dynaseg._napari.layers.tools import LOCK, NAME, TOOLS, Tool
from napari_dynaseg._napari.panel.inputs.layer_box import make_region_box
from napari_dynaseg._napari.panel.parts.number_box import make_whole_box
from napari_dynaseg._napari.panel.parts.rows import Row, make_button, make_line

CLICKED, SELECTED, CLASS, ALL = "Clicked regions", "Selected label", "The class below", "All labels"
OF_KIND = "All of its kind"
BUTTONS_A_ROW = 3
NUMBER_WIDTH = 95


class CorrectionRows(Container[Any]):
    """All widgets of the correction tools; what they do is `corrections.Corrections`.

    Parameters
    ----------
    viewer
        Whose layers to offer.
    """

    pressed = Signal(object)  # a tool

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__(labels=False)
        self._build_choices(viewer)
        self.buttons = {tool.name: self._make_button(tool) for tool in (*TOOLS, LOCK, NAME)}
        self._build_numbers()
        self._build_names()
        self.measure_button = make_button(
            "Measure", "Measure labels, and the image at them, into the features table"
        )
        self.save_button = make_button(
            "Save table …", "Save the features table of the labels as CSV"
        )
        self.keys_button = make_button("Keys", "The keys of the tools")
        self.confirm_button = PushButton(text="", visible=False)
        shown = [self.buttons[tool.name] for tool in TOOLS] + [self.buttons[LOCK.name]]
        rows = [Row(*shown[at : at + BUTTONS_A_ROW]) for at in range(0, len(shown), BUTTONS_A_ROW)]
        radius, size, distance = self.values.values()
        numbers = Row(radius, size, labels=True)
        rows += [numbers, Row(distance, self.keys_button, labels=True)]
        last = Row(self.measure_button, self.save_button)
        self.extend(
            [
                self.choices,
                self.kind_button,
                *rows,
                self.names,
                last,
                self.keep_paint,
                self.confirm_button,
            ]
        )
        self.line = make_line()
        self.native.layout().insertWidget(0, self.line)

    def _build_choices(self, viewer: ViewerModel) -> None:
        self.planes = ComboBox(
            label="Planes",
            choices=["This plane", "All planes"],
            tooltip="Work on the plane on view, or on all: there regions go on from plane to plane",
        )
        self.region_of_interest = make_region_box(
            viewer,
            "What tools may change: everything, or what a Shapes layer covers on the "
            "planes on which its shapes show, or another Labels layer where it is not 0",
        )
        self.on = ComboBox(
            label="On",
            choices=[CLICKED, SELECTED, OF_KIND, CLASS, ALL],
            tooltip="What a tool works on. With clicked regions its key works on the one under "
            "the mouse, and its button waits for clicks. With all of its kind the key means that "
            "of the label under the mouse, the button that of the selected label",
        )
        self.kind_button = make_button(
            "Select all of this kind",
            "Let all tools, and Measure, work on all labels of the selected label's kind",
        )
        self.choices: Container[Any] = Container(
            widgets=[self.planes, self.region_of_interest, self.on]
        )
        self.choices.margins = (0, 0, 0, 0)
        self.keep_paint = CheckBox(
            text="Leave what I painted alone",
            tooltip="All that differs from what the network gave, by brush or by tool, is locked",
        )

    def _make_button(self, tool: Tool) -> PushButton:
        sentence = f"{tool.tip[0].upper()}{tool.tip[1:]}"
        tooltip = f"{sentence} ({tool.key.replace('-', '+')})"
        return make_button(tool.title, tooltip, lambda: self.pressed.emit(tool))

    def _build_numbers(self) -> None:
        self.values = {
            "radius": _make_number(
                "Radius", 2, 100, "Pixels by which outlines are smoothed, grown or shrunk"
            ),
            "size": _make_number("Size", 50, 10_000_000, "Regions of fewer pixels are specks"),
            "distance": _make_number(
                "Distance", 8, 1000, "Least pixels between the middles of objects that touch"
            ),
        }

    def _build_names(self) -> None:
        self.class_name = LineEdit(tooltip="A class, such as nucleus; several labels may have one")
        self._known = QStringListModel()
        self.class_name.native.setCompleter(QCompleter(self._known, self.class_name.native))
        self.class_name.native.setPlaceholderText("class")
        self.colour_button = make_button("Colour", "The colour of the class", self._ask_colour)
        self.colour: tuple[float, ...] | None = None
        self.class_name.changed.connect(lambda: self.show_colour(None))
        self.names = Row(self.class_name, self.colour_button, self.buttons[NAME.name])

    def tell(self, sentence: str) -> None:
        """Show a line of text above the tools."""
        self.line.setText(sentence)

    def offer_classes(self, names: list[str]) -> None:
        """Offer classes that there are while one is typed."""
        self._known.setStringList(names)

    def show_colour(self, colour: tuple[float, ...] | None) -> None:
        """Choose a colour for the class, RGBA from 0 to 1; `None` for the one that it has."""
        self.colour = colour
        sheet = "" if colour is None else f"border: 2px solid {QColor.fromRgbF(*colour).name()};"
        self.colour_button.native.setStyleSheet(sheet)

    def _ask_colour(self) -> None:
        start = QColor.fromRgbF(*(self.colour or (1.0, 1.0, 1.0, 1.0)))
        chosen = QColorDialog.getColor(start, self.native, "The colour of the class")
        if chosen.isValid():
            self.show_colour(tuple(np.round(chosen.getRgbF(), 4).tolist()))

    def read_value(self, tool: Tool) -> int:
        """Read the number that a tool takes."""
        return int(self.values[tool.number].value) if tool.number else 0


def _make_number(label: str, value: int, highest: int, tooltip: str) -> Any:
    box = make_whole_box(1, highest, label=label, value=value, tooltip=tooltip)
    box.max_width = NUMBER_WIDTH
    return box
