"""The row of the panel that copies a run as a command or as Python, for others to do again."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari.utils.notifications import show_info
from qtpy.QtGui import QGuiApplication

from napari_dynaseg._napari.panel.parts.rows import Row, make_button
from napari_dynaseg._napari.panel.run_inputs import RunInputs
from napari_dynaseg._napari.work.notifications import show_errors
from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.selection import list_box

if TYPE_CHECKING:
    from napari_dynaseg.files.snippets import RunChoice


class CopyRow(Row):
    """Buttons to copy what Segment would do now.

    Parameters
    ----------
    inputs
        What Segment reads.
    """

    def __init__(self, inputs: RunInputs) -> None:
        self._inputs = inputs
        self.python_button = make_button(
            "Python", "Copy what Segment does now as lines of Python", self.copy_python
        )
        self.command_button = make_button(
            "Command", "Copy what Segment does now as a command line", self.copy_command
        )
        super().__init__(self.python_button, self.command_button, label="Copy as")

    def copy_python(self) -> None:
        """Put what Segment would do now on the clipboard, as Python."""
        from napari_dynaseg.files.snippets import write_python

        self._copy(write_python, "Python")

    def copy_command(self) -> None:
        """Put what Segment would do now on the clipboard, as a command line."""
        from napari_dynaseg.files.snippets import write_command

        self._copy(write_command, "a command line")

    @show_errors()
    def _copy(self, write: "Callable[[RunChoice], str]", what: str) -> None:
        text = write(self.describe())
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

        inputs = self._inputs
        job, box = inputs.freeze()
        if job.within is not None:
            raise ImageError(
                "a run inside a layer is no single line; save its labels, which hold the mask, "
                "and replay them, or save the mask and give --within"
            )
        layers = inputs.image.channels.layers or [inputs.image.image.value]
        scribbles_path, guidance_path = inputs.annotations.list_paths()
        return RunChoice(
            job.stack,
            job.position,
            inputs.knobs.settings,
            None if box is None else tuple(list_box(job.axes, box)),
            None if box is None else inputs.stack.read_folder(),
            tuple(
                f"viewer.layers[{layer.name!r}].data"
                + (f"[{job.stack.level}]" if layer.multiscale else "")
                for layer in layers
            ),
            {
                name: Annotation(labels, path)
                for name, labels, path in (
                    ("scribbles", job.scribbled, scribbles_path),
                    ("guidance", job.guidance, guidance_path),
                )
                if labels is not None
            },
        )
