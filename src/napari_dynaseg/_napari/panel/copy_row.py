"""The row of the panel that copies a run as a command or as Python, for others to do again."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container, PushButton
from napari.utils.notifications import show_error, show_info
from qtpy.QtGui import QGuiApplication

from napari_dynaseg._napari.panel.inputs.annotation_input import GivenChoices
from napari_dynaseg._napari.panel.inputs.image_input import ImageInput
from napari_dynaseg._napari.panel.stack_controls import StackControls
from napari_dynaseg._napari.work.stack_plan import choose_planes
from napari_dynaseg.errors import ImageError, SegmentationError
from napari_dynaseg.image.selection import list_box
from napari_dynaseg.settings import Settings

if TYPE_CHECKING:
    from napari_dynaseg.files.snippets import RunChoice


class CopyRow(Container[Any]):
    """Buttons to copy what Segment would do now.

    Parameters
    ----------
    image, stack
        Where the image and its planes are chosen.
    given
        Where scribbles and a guidance are chosen.
    read_settings
        Gives the knobs as they are.
    """

    def __init__(
        self,
        image: ImageInput,
        stack: StackControls,
        given: GivenChoices,
        read_settings: Callable[[], Settings],
    ) -> None:
        self._image, self._stack, self._read_settings = image, stack, read_settings
        self._given = given
        self.python_button = PushButton(
            text="Python", tooltip="Copy what Segment does now as lines of Python"
        )
        self.command_button = PushButton(
            text="Command", tooltip="Copy what Segment does now as a command line"
        )
        super().__init__(
            widgets=[self.python_button, self.command_button],
            layout="horizontal",
            labels=False,
            label="Copy as",
        )
        self.margins = (0, 0, 0, 0)
        self.python_button.changed.connect(self.copy_python)
        self.command_button.changed.connect(self.copy_command)

    def copy_python(self) -> None:
        """Put what Segment would do now on the clipboard, as Python."""
        from napari_dynaseg.files.snippets import write_python

        self._copy(write_python, "Python")

    def copy_command(self) -> None:
        """Put what Segment would do now on the clipboard, as a command line."""
        from napari_dynaseg.files.snippets import write_command

        self._copy(write_command, "a command line")

    def _copy(self, write: "Callable[[RunChoice], str]", what: str) -> None:
        try:
            text = write(self.describe())
        except SegmentationError as error:
            show_error(str(error))
            return
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(text)
            show_info(f"copied as {what}")

    def describe(self) -> "RunChoice":
        """Describe what Segment would do now.

        Raises
        ------
        SegmentationError
            If it could do nothing.
        """
        from napari_dynaseg.files.snippets import Annotation, RunChoice

        job, ranges = self._image.snapshot(), self._stack.read_ranges()
        positions = None
        if job.within is not None:
            raise ImageError(
                "a run within a layer is no single line; save its labels, which hold the mask, "
                "and replay them, or save the mask and give --within"
            )
        if ranges is not None:
            job, box = choose_planes(job, ranges)
            positions = tuple(list_box(job.axes, box))
        job = self._given.add_to(job)
        layers = self._image.channels.layers or [self._image.image.value]
        return RunChoice(
            job.stack,
            job.position,
            self._read_settings(),
            positions,
            self._stack.read_folder() if positions else None,
            tuple(
                f"viewer.layers[{layer.name!r}].data"
                + (f"[{job.stack.level}]" if layer.multiscale else "")
                for layer in layers
            ),
            {
                name: Annotation(labels, choice.path)
                for name, labels, choice in (
                    ("scribbles", job.scribbled, self._given.scribbles),
                    ("guidance", job.guidance, self._given.guidance),
                )
                if labels is not None
            },
        )
