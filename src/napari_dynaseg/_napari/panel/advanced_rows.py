"""The rows under *Advanced*: the knobs seldom turned, a network kept in a file, Copy as, Open."""

from typing import Any

from magicgui.widgets import Container
from napari.components import ViewerModel

from napari_dynaseg._napari.panel.copy_row import CopyRow
from napari_dynaseg._napari.panel.network_row import NetworkRow
from napari_dynaseg._napari.panel.parts.collapsible import Collapsible
from napari_dynaseg._napari.panel.parts.open_button import OpenButton
from napari_dynaseg._napari.panel.parts.rows import make_button
from napari_dynaseg._napari.panel.run_inputs import RunInputs

# Which have rows of their own above.
MAIN_KNOBS = ("scheme", "mu", "quality", "result", "detail", "strategy")


class AdvancedRows(Container[Any]):
    """All other knobs of `Settings`, and what goes with a run as a whole.

    Parameters
    ----------
    viewer
        Where saved labels are opened.
    inputs
        What Segment reads.
    """

    def __init__(self, viewer: ViewerModel, inputs: RunInputs) -> None:
        knobs = [box for name, box in inputs.knobs.boxes.items() if name not in MAIN_KNOBS]
        self.network = NetworkRow()
        self.copy_row = CopyRow(inputs)
        self.defaults_button = make_button(
            "Restore defaults",
            "Forget what was turned here; back to Preferences",
            inputs.knobs.restore_defaults,
        )
        rows = self.network, self.copy_row, OpenButton(viewer), self.defaults_button
        super().__init__(widgets=[*knobs, *rows])
        tooltip = "The network, its training and where it computes"
        self.fold = Collapsible("Advanced", tooltip, self.native)
