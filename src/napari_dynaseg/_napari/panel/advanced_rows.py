"""The rows under *Advanced*: the knobs seldom turned, a network kept in a file, Copy as, Open."""

from collections.abc import Callable
from typing import Any

from magicgui.widgets import Container, PushButton
from napari.components import ViewerModel

from napari_dynaseg._napari.panel.copy_row import CopyRow
from napari_dynaseg._napari.panel.inputs.annotation_input import GivenChoices
from napari_dynaseg._napari.panel.inputs.image_input import ImageInput
from napari_dynaseg._napari.panel.network_row import NetworkRow
from napari_dynaseg._napari.panel.parts.knob_boxes import make_knob
from napari_dynaseg._napari.panel.parts.open_button import OpenButton
from napari_dynaseg._napari.panel.parts.tall_fold import TallFold
from napari_dynaseg._napari.panel.stack_controls import StackControls
from napari_dynaseg.settings import Settings

MAIN_KNOBS = ("scheme", "mu", "quality", "strategy")  # which have rows of their own above


class AdvancedRows(Container[Any]):
    """All other knobs of `Settings`, and what goes with a run as a whole.

    Parameters
    ----------
    viewer
        Where saved labels are opened.
    image, stack, given
        Where the image, its planes, and scribbles and a guidance are chosen.
    read_settings
        Gives the knobs as they are.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        image: ImageInput,
        stack: StackControls,
        given: GivenChoices,
        read_settings: Callable[[], Settings],
    ) -> None:
        names = [name for name in Settings.model_fields if name not in MAIN_KNOBS]
        self.knobs = [make_knob(name) for name in names]
        self.network = NetworkRow()
        self.copy_row = CopyRow(image, stack, given, read_settings)
        self.defaults_button = PushButton(
            text="Restore defaults", tooltip="Forget what was turned here; back to Preferences"
        )
        rows = self.network, self.copy_row, OpenButton(viewer), self.defaults_button
        super().__init__(widgets=[*self.knobs, *rows])
        self.fold = TallFold("Advanced", self.native)
        self.fold.setToolTip("The network, its training and where it computes")
