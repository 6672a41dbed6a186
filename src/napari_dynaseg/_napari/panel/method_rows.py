"""The rows under *Compare with*: another method, its knobs, and a button that runs it."""

from typing import Any

from magicgui.widgets import ComboBox, Container
from psygnal import Signal

from napari_dynaseg._napari.panel.parts.collapsible import Collapsible
from napari_dynaseg._napari.panel.parts.knob_boxes import make_knobs
from napari_dynaseg._napari.panel.parts.rows import Row, make_button
from napari_dynaseg.knobs import Knobs
from napari_dynaseg.peers import METHODS, Method
from napari_dynaseg.settings import SCHEMES

# The schemes are chosen at the top of the panel.
OFFERED = tuple(method for name, method in METHODS.items() if name not in SCHEMES)
LEAST_WIDTH = 80


class MethodRows(Container[Any]):
    """A box of methods with a button beside it, and below the knobs of the one chosen."""

    asked = Signal()

    def __init__(self) -> None:
        self.choice = ComboBox(
            choices=[(method.title, method.name) for method in OFFERED],
            value="graph",
            tooltip="Another method to segment the plane on view by, into a layer of its own",
        )
        self.run_button = make_button(
            "Run", "Segment the plane on view by it", lambda: self.asked.emit()
        )
        self.run_button.max_width = 70
        row = Row(self.choice, self.run_button, label="Method")
        self._knobs = {
            method.name: make_knobs(method.configure(), method.knob_names) for method in OFFERED
        }
        every = [knob for knobs in self._knobs.values() for knob in knobs]
        for box in (self.choice, *every):
            if isinstance(box, ComboBox):
                # As wide as its longest title it would push the button out of the panel.
                box.native.setMinimumWidth(LEAST_WIDTH)
        super().__init__(widgets=[row, *every])
        self.choice.changed.connect(self._show_knobs)
        self._show_knobs()
        tooltip = "The other methods of the paper's table, on the same plane"
        self.fold = Collapsible("Compare with", tooltip, self.native)

    @property
    def method(self) -> Method:
        """The method chosen."""
        return METHODS[self.choice.value]

    def list_knobs(self) -> list[Any]:
        """List the widgets of the knobs of the method chosen."""
        return self._knobs[self.choice.value]

    def configure(self) -> Knobs:
        """Give the knobs as they are shown.

        Raises
        ------
        SettingsError
            If the method refuses one.
        """
        return self.method.configure(**{knob.name: knob.value for knob in self.list_knobs()})

    def _show_knobs(self) -> None:
        for name, knobs in self._knobs.items():
            for knob in knobs:
                knob.visible = name == self.choice.value
        said = f"{self.method.title}, {self.method.source}"
        self.run_button.tooltip = f"Segment the plane on view by {said}"
