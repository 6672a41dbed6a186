"""What is segmented: the boxes that choose it, the line that explains it, and their job."""

from napari.components import ViewerModel
from napari.layers import Image
from psygnal import Signal

from napari_dynaseg._napari.layers.job import Job, snapshot
from napari_dynaseg._napari.layers.masks import limit_job
from napari_dynaseg._napari.layers.reading import (
    explain_mismatch,
    find_level,
    list_level_shapes,
    read_layer_axes,
    remember_channel_axis,
    remember_level,
    show_plane,
)
from napari_dynaseg._napari.panel.inputs.axes_line import AxesLine
from napari_dynaseg._napari.panel.inputs.image_choices import ChannelChoice, LevelChoice
from napari_dynaseg._napari.panel.inputs.layer_box import LayerBox, make_region_box
from napari_dynaseg._napari.panel.parts.rows import Row
from napari_dynaseg.errors import ImageError, SegmentationError


class ImageInput:
    """What is segmented: an image, maybe more layers as channels, a level, a plane on view.

    Parameters
    ----------
    viewer
        Whose layers and dims these are.
    """

    read = Signal(object)  # how the axes are read now; None if they cannot be

    def __init__(self, viewer: ViewerModel) -> None:
        self._dims = viewer.dims
        self.image = LayerBox(
            viewer, (Image,), "Image", "The image to segment. For a stack it is the plane on view."
        )
        self.channels = ChannelChoice(self.image)
        self.level = LevelChoice()
        self.region_of_interest = make_region_box(
            viewer,
            "What Segment works on: the whole plane, or what a Shapes layer covers of it, or a "
            "Labels layer where it is not 0. What lies outside has no influence, and gets label 0. "
            "In a stack every plane is limited to what is covered of the plane on view",
        )
        self.axes_line = AxesLine()
        self.row = Row(self.image, self.channels, label="Image")
        self.image.changed.connect(self.show)
        self.image.altered.connect(self.show)
        self.channels.picked.connect(self.show)
        self.level.changed.connect(self._on_level)
        self.axes_line.channel_chosen.connect(self._on_channel_axis)
        self.axes_line.plane_chosen.connect(self._on_plane)
        self.axes_line.layers_asked.connect(self._ask_layers)
        viewer.dims.events.connect(self.show)

    def forget_viewer(self) -> None:
        """Stop following the viewer."""
        self._dims.events.disconnect(self.show)
        self.image.forget_viewer()
        self.region_of_interest.forget_viewer()

    def snapshot(self) -> Job:
        """Freeze what is chosen into a job.

        Raises
        ------
        ImageError
            If there is no image, or it cannot be segmented as it is on view.
        EditError
            If it is to be limited by a Shapes layer without a shape that has an area.
        """
        if self.image.value is None:
            raise ImageError("there is no image to segment; open one first")
        job = snapshot(self.image.value, self._dims, self.channels.layers)
        covering = self.region_of_interest.value
        return job if covering is None else limit_job(job, covering, self._dims)

    def show(self, _event: object = None) -> None:
        """Show how the chosen image is read now."""
        self.channels.show_state()
        layer = self.image.value
        if layer is None:
            self.level.show_levels((), 0)
            self.axes_line.show_sentence("Open an image to segment it.")
            self.read.emit(None)
            return
        try:
            self._show_layer(layer)
        except SegmentationError as error:
            self.axes_line.show_sentence(str(error))
            self.read.emit(None)

    def _show_layer(self, layer: Image) -> None:
        channels = self.channels.layers
        axes = read_layer_axes(layer, self._dims, channels)
        shapes = list_level_shapes(layer, axes.plane)
        self.level.show_levels(shapes, find_level(layer, axes.plane))
        names = [channel.name for channel in channels]
        self.axes_line.show_axes(axes, names, explain_mismatch(layer, channels, axes))
        self.read.emit(axes)

    def _on_level(self, level: int) -> None:
        remember_level(self.image.value, level)
        self.show()

    def _on_channel_axis(self, axis: int | None) -> None:
        remember_channel_axis(self.image.value, axis)
        self.show()

    def _on_plane(self, plane: tuple[int, int]) -> None:
        show_plane(self.image.value, self._dims, plane)

    def _ask_layers(self) -> None:
        self.channels.menu.popup(self.axes_line.find_place())
