"""The demo: the viewer, a picture, the docked panel and a run, as far as this machine can."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_dynaseg._napari.display import can_open_windows, find_virtual_display
from napari_dynaseg.files.plain_labels import write_labels, write_preview
from napari_dynaseg.generators import run_through
from napari_dynaseg.image.pixels import to_plane
from napari_dynaseg.recipes.kept_tree import read_tree
from napari_dynaseg.recipes.recipe import Recipe, Source
from napari_dynaseg.settings import Settings

if TYPE_CHECKING:
    import napari

SETTINGS = Settings(scheme="fsf")
PICTURE_FILE, LABEL_FILE = "demo.png", "demo_labels.tif"


def run_demo(output: Path) -> Iterator[str]:
    """Show the demo in a window, on a virtual display, or without any; the best there is.

    Parameters
    ----------
    output
        Folder that takes a picture and a label file where there is no display.

    Yields
    ------
    str
        What is going on, a line each.
    """
    if can_open_windows():
        yield "opening the viewer; close its window to end the demo"
        show_demo()
        return
    if display := find_virtual_display():
        yield "no display here: running the viewer on a virtual one"
        if run_on_virtual_display(display, output):
            yield from describe_outputs(output)
            return
    yield "no viewer can be shown here: segmenting without one"
    segment_headless(output)
    yield from describe_outputs(output)


def run_on_virtual_display(display: list[str], output: Path) -> bool:
    """Run the demo's viewer under Xvfb; tell whether that went well."""
    command = [*display, sys.executable, "-m", __name__, str(output)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def describe_outputs(output: Path) -> Iterator[str]:
    """Say where the picture and the labels are."""
    yield f"picture: {(output / PICTURE_FILE).resolve()}"
    yield f"labels:  {(output / LABEL_FILE).resolve()}"


def load_picture() -> npt.NDArray[np.uint8]:
    """Load the demo's picture: uint8, (400, 600, 3)."""
    from skimage import data

    picture: npt.NDArray[np.uint8] = data.coffee()
    return picture


def open_viewer(**options: Any) -> tuple["napari.Viewer", Any]:
    """Open the viewer on the picture with the panel docked and a run started."""
    import napari
    from qtpy.QtWidgets import QApplication

    viewer = napari.Viewer(title="napari-dynaseg demo", **options)
    viewer.add_image(load_picture(), name="coffee", rgb=True)
    _, panel = viewer.window.add_plugin_dock_widget("napari-dynaseg", "Dynamic-weight segmenter")
    viewer.window.resize(1280, 800)
    QApplication.processEvents()  # lets the layout settle, which the view is fitted to
    viewer.reset_view()
    panel.show_settings(SETTINGS)
    panel.start()
    return viewer, panel


def show_demo() -> None:
    """Show the demo in a window until the user closes it."""
    import napari

    open_viewer()
    napari.run()


def record_demo(output: Path) -> None:
    """Run the demo in a viewer to its end, write the picture and the labels, and close it."""
    import napari
    from qtpy.QtCore import QTimer

    viewer, panel = open_viewer()

    def record() -> None:
        layer = viewer.layers[-1]
        recipe = Recipe.from_metadata(layer.metadata)
        output.mkdir(parents=True, exist_ok=True)
        viewer.window.screenshot(str(output / PICTURE_FILE), canvas_only=False, flash=False)
        tree = read_tree(layer.metadata)
        write_labels(output / LABEL_FILE, np.asarray(layer.data), recipe, tree)
        viewer.close()

    # A moment later, so that the last curves and labels are on the screen.
    panel.run_ended.connect(lambda: QTimer.singleShot(500, record))
    napari.run()


def segment_headless(output: Path) -> None:
    """Segment the demo's picture without a viewer."""
    from napari_dynaseg.method.run import run
    from napari_dynaseg.method.run_input import RunInput

    plane = to_plane(load_picture())
    made = run_through(run(RunInput((plane,), SETTINGS)))
    source = Source.of(plane, "coffee")
    recipe = Recipe.now(SETTINGS, made.step.iteration, source, numbering="size")
    write_preview(output / PICTURE_FILE, plane, made.labels)
    write_labels(output / LABEL_FILE, made.labels, recipe, made.label_tree)


if __name__ == "__main__":
    record_demo(Path(sys.argv[1]))
