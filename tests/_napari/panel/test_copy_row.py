"""What the panel copies makes the labels that the panel makes."""

import shlex

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile
from qtpy.QtGui import QGuiApplication
from tests._napari.conftest import QUICK, open_panel
from tests._napari.panel.test_widget import last_notification

from napari_dynaseg._napari.panel.stack_controls import A_RANGE
from napari_dynaseg.cli.app import main
from napari_dynaseg.files.formats import read_label_layer
from napari_dynaseg.labels.numbering import number_by_size


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def in_file(viewer, halves):
    """Dock the panel in a viewer that has opened the picture from a file."""
    imageio.imwrite("halves.png", halves)
    viewer.open("halves.png")
    return open_panel(viewer)


def copy(button):
    """Press a button, and give what is on the clipboard."""
    QGuiApplication.clipboard().clear()
    button.native.click()
    return QGuiApplication.clipboard().text()


def run_python(text, **names):
    exec(compile(text, "copied", "exec"), names)
    return names["labels"]


def test_the_copied_python_gives_the_labels_of_the_panel(in_file, finish):
    labels = finish(in_file)
    text = copy(in_file.copy_row.python_button)
    assert "open_image('" in text
    np.testing.assert_array_equal(run_python(text), number_by_size(labels.data))


def test_the_copied_command_gives_the_labels_of_the_panel(in_file, finish, folder):
    labels = finish(in_file)
    program, *arguments = shlex.split(copy(in_file.copy_row.command_button))
    assert program == "napari-dynaseg"
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 0
    made, _ = read_label_layer(folder / "halves_labels.dynaseg.ome.tif")
    np.testing.assert_array_equal(made, number_by_size(labels.data))


def test_a_layer_without_a_file_is_taken_from_the_viewer(panel, viewer, finish):
    labels = finish(panel)
    text = copy(panel.copy_row.python_button)
    assert "viewer.layers['halves'].data" in text
    np.testing.assert_array_equal(run_python(text, viewer=viewer), number_by_size(labels.data))


def test_a_layer_without_a_file_has_no_command_and_the_user_is_told(panel):
    assert copy(panel.copy_row.command_button) == ""
    assert "halves lies in no file; save it" in last_notification()


def test_the_channels_the_axes_and_the_plane_on_view_are_copied(viewer, finish):
    pixels = np.random.default_rng(0).integers(0, 250, (2, 4, 12, 10)).astype(np.uint16)
    viewer.add_image(pixels, channel_axis=0, name=["a", "b"], axis_labels=("z", "y", "x"))
    panel = open_panel(viewer)
    panel.input.channels.menu.aboutToShow.emit()
    panel.input.channels.menu.actions()[0].trigger()
    viewer.dims.set_current_step(0, 3)
    labels = finish(panel)
    text = copy(panel.copy_row.python_button)
    assert "stack.read_channels((3, None, None))" in text
    np.testing.assert_array_equal(
        run_python(text, viewer=viewer), number_by_size(labels.data).reshape(12, 10)
    )


def test_the_planes_chosen_are_copied(viewer, folder):
    pixels = np.random.default_rng(0).integers(0, 250, (6, 12, 10)).astype(np.uint16)
    tifffile.imwrite("stack.tif", pixels, imagej=True, metadata={"axes": "ZYX"})
    viewer.open("stack.tif")
    panel = open_panel(viewer)
    panel.show_settings(QUICK.change(strategy="each"))
    panel.stack.planes.value = A_RANGE
    panel.stack.ranges[0].value = (1, 2)
    panel.stack.folder.value = folder / "mine.ome.zarr"
    viewer.dims.set_current_step(0, 0)
    text = copy(panel.copy_row.command_button)
    assert text.endswith(
        f"-o {folder}/mine.ome.zarr --axes ZYX --plane Z=1 --range Z=1:3 "
        "--iterations 12 --minimum-labels 1 --channels 8 --strategy each"
    )
    assert "plane='Z=1', planes='Z=1:3'" in copy(panel.copy_row.python_button)


def scribble(viewer, panel, path=None):
    """Choose two strokes as scribbles, from a file if one is named."""
    drawn = np.zeros((24, 32), np.uint8)
    drawn[4:20, 3:5], drawn[4:20, 26:28] = 40, 7
    if path:
        imageio.imwrite(path, drawn)
        (layer,) = viewer.open(path, layer_type="labels")
    else:
        layer = viewer.add_labels(drawn)
    panel.scribbles.value = layer
    return drawn


def test_scribbles_are_copied_as_python_whatever_layer_holds_them(in_file, viewer, finish):
    drawn = scribble(viewer, in_file)
    labels = finish(in_file)
    made = run_python(copy(in_file.copy_row.python_button))
    np.testing.assert_array_equal(made[drawn > 0], drawn[drawn > 0])
    np.testing.assert_array_equal(number_by_size(made), number_by_size(labels.data))


def test_scribbles_in_a_file_are_copied_as_a_command(in_file, viewer, finish, folder):
    scribble(viewer, in_file, "drawn.png")
    labels = finish(in_file)
    program, *arguments = shlex.split(copy(in_file.copy_row.command_button))
    assert "--scribbles" in arguments
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 0
    made, _ = read_label_layer(folder / "halves_labels.dynaseg.ome.tif")
    np.testing.assert_array_equal(number_by_size(made), number_by_size(labels.data))


def test_scribbles_that_no_file_holds_have_no_command_and_the_user_is_told(in_file, viewer):
    scribble(viewer, in_file, "drawn.png")
    in_file.scribbles.value.data[0, 0] = 3
    assert copy(in_file.copy_row.command_button) == ""
    assert "no file holds the scribbles on this plane" in last_notification()


def test_scribbles_of_a_stack_are_copied_as_python(viewer, folder):
    pixels = np.random.default_rng(0).integers(0, 250, (6, 24, 32)).astype(np.uint16)
    tifffile.imwrite("stack.tif", pixels, imagej=True, metadata={"axes": "ZYX"})
    viewer.open("stack.tif")
    panel = open_panel(viewer)
    drawn = scribble(viewer, panel)
    panel.stack.planes.value = "All planes"
    panel.stack.folder.value = folder / "mine.ome.zarr"
    viewer.dims.set_current_step(0, 2)
    labels = run_python(copy(panel.copy_row.python_button))
    np.testing.assert_array_equal(np.asarray(labels[2])[drawn > 0], drawn[drawn > 0])
