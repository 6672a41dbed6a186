"""The button that opens labels saved in a folder.

A reader that takes folders would be asked for every folder that anyone opens: npe2 knows no
patterns of folders. So ours takes files alone, and an OME-Zarr of ours is opened here.
"""

from pathlib import Path
from typing import Any

from magicgui.widgets import PushButton
from napari.components import ViewerModel
from napari.layers import Layer
from qtpy.QtWidgets import QFileDialog

from napari_dynaseg._napari.work.notifications import show_errors
from napari_dynaseg.files.ome_labels import LAYER_ZARR_ENDING


class OpenButton(PushButton):
    """Opens a label layer from a folder.

    Parameters
    ----------
    viewer
        Where it is added.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        super().__init__(
            text="Open saved labels …",
            tooltip=f"Open labels from a folder that ends in {LAYER_ZARR_ENDING}, which napari's "
            "own Open does not know; painting in them goes to the disk",
        )
        self.changed.connect(self._ask_which)

    def _ask_which(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self.native, "Open saved labels")
        if chosen:
            self.open(Path(chosen))

    @show_errors()
    def open(self, path: Path) -> Any:
        """Add the labels of a folder to the viewer; what is wrong is shown as a notification."""
        # Not before: what reads files takes half a second to load.
        from napari_dynaseg._napari.layers.label_files import read_layers

        (layer,) = (Layer.create(*data) for data in read_layers(str(path)))
        return self._viewer.add_layer(layer)
