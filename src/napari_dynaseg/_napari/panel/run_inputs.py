"""All that Segment reads: the image, annotations, planes and knobs, frozen into a job."""

from napari.components import ViewerModel

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg._napari.panel.inputs.annotation_input import AnnotationInput
from napari_dynaseg._napari.panel.inputs.image_input import ImageInput
from napari_dynaseg._napari.panel.settings_boxes import SettingsBoxes
from napari_dynaseg._napari.panel.stack_controls import StackControls
from napari_dynaseg._napari.work.stack_plan import choose_planes
from napari_dynaseg.image.selection import Box


class RunInputs:
    """The parts of the panel that say what is segmented, and how.

    Parameters
    ----------
    viewer
        Whose layers and dims these are.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self.image = ImageInput(viewer)
        self.annotations = AnnotationInput(viewer)
        self.knobs = SettingsBoxes()
        self.stack = StackControls(self.knobs.boxes["strategy"])
        self.image.read.connect(self.stack.show_axes)

    def freeze(self, has_annotations: bool = True) -> tuple[Job, Box | None]:
        """Freeze what is chosen into a job and the planes; `None` for the plane on view alone.

        Parameters
        ----------
        has_annotations
            Whether scribbles and a guidance count.

        Raises
        ------
        SegmentationError
            If it cannot be segmented.
        """
        job, ranges, box = self.image.snapshot(), self.stack.read_ranges(), None
        if ranges is not None:
            job, box = choose_planes(job, ranges)
        return self.annotations.add_to(job) if has_annotations else job, box

    def forget_viewer(self) -> None:
        """Stop following the viewer."""
        for box in self.annotations.boxes:
            box.forget_viewer()
        self.image.forget_viewer()
