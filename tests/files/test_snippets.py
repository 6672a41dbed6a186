"""What is copied runs as it is, and makes the same labels."""

import shlex
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile
from tests.stacks_drawn import write_ome_zarr

from napari_dynaseg import Settings, segment
from napari_dynaseg.cli.app import main
from napari_dynaseg.errors import FileError
from napari_dynaseg.files.formats import read_label_layer
from napari_dynaseg.files.label_store import LabelStore
from napari_dynaseg.files.recipe_files import read_recipe
from napari_dynaseg.files.snippets import RunChoice, write_command, write_python
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.reader import open_image
from napari_dynaseg.image.stack_image import StackImage

SMALL = Settings(channels=6, iterations=3, minimum_labels=1, device="cpu")
KNOBS = {"channels": 6, "iterations": 3, "minimum_labels": 1, "device": "cpu"}
KNOB_OPTIONS = "--iterations 3 --minimum-labels 1 --channels 6 --device cpu"


def draw(*shape, dtype=np.uint16):
    return np.random.default_rng(0).integers(0, 250, shape).astype(dtype)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def stack():
    tifffile.imwrite("my cells.tif", draw(4, 3, 2, 9, 8), imagej=True, metadata={"axes": "TZCYX"})
    return open_image("my cells.tif")


def run_python(text, **names):
    """Run the lines, and give the labels that they leave."""
    exec(compile(text, "copied", "exec"), names)
    return names["labels"]


def run_command(text):
    program, *arguments = shlex.split(text)
    assert program == "napari-dynaseg"
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 0


@pytest.mark.parametrize("shape", [(9, 8), (9, 8, 3)])
def test_a_picture_is_copied_in_few_words(shape):
    imageio.imwrite("cup.png", draw(*shape, dtype=np.uint8))
    choice = RunChoice(open_image("cup.png"), (None, None), Settings())
    assert write_command(choice) == ("napari-dynaseg segment cup.png -o cup_labels.dynaseg.ome.tif")
    assert write_python(choice) == (
        "from napari_dynaseg import segment\n"
        "from napari_dynaseg.image.reader import open_image\n\n"
        "stack = open_image('cup.png')\n"
        "plane = stack.read_channels((None, None))  # (C, H, W)\n"
        "labels = segment(plane, channel_axis=0)\n"
    )


def test_a_picture_gives_the_same_labels():
    imageio.imwrite("cup.png", draw(9, 8, 3, dtype=np.uint8))
    choice = RunChoice(open_image("cup.png"), (None, None), SMALL.change(scheme="fsf"))
    expected = segment(draw(9, 8, 3, dtype=np.uint8), scheme="fsf", **KNOBS)
    np.testing.assert_array_equal(run_python(write_python(choice)), expected)
    run_command(write_command(choice))
    labels, state = read_label_layer(choice.find_output(".dynaseg.ome.tif"))
    np.testing.assert_array_equal(labels, expected)
    assert state.name == "cup.png segments"


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        (Settings(), ""),
        (Settings(scheme="fsf"), " --scheme fsf"),
        (Settings(scheme="fsf", mu=50), " --scheme fsf --mu 50.0"),
        (Settings(mu=50, quality="exact"), " --quality exact"),
        (Settings(padding="zeros"), " --padding zeros"),
        (Settings(quality="exact", padding="replicate"), " --quality exact --padding replicate"),
    ],
)
def test_only_what_differs_from_the_defaults_is_written(settings, options):
    imageio.imwrite("cup.png", draw(9, 8, dtype=np.uint8))
    choice = RunChoice(open_image("cup.png"), (None, None), settings)
    assert write_command(choice).endswith(f".dynaseg.ome.tif{options}")


def test_a_plane_of_a_stack_is_copied(stack):
    choice = RunChoice(stack, (1, 2, None, None, None), SMALL)
    assert write_command(choice) == (
        "napari-dynaseg segment 'my cells.tif' -o 'my cells_labels.dynaseg.ome.zarr' "
        f"--axes TZCYX --plane T=1,Z=2 --range T=1:2,Z=2:3 {KNOB_OPTIONS}"
    )
    expected = segment(draw(4, 3, 2, 9, 8)[1, 2], channel_axis=0, **KNOBS)
    np.testing.assert_array_equal(run_python(write_python(choice)), expected)
    run_command(write_command(choice))
    labels, _ = read_label_layer(choice.find_output(".dynaseg.ome.zarr"))
    np.testing.assert_array_equal(labels[1, 2, 0], expected)
    assert np.count_nonzero(labels[:]) == expected.size


def test_the_planes_of_a_stack_are_copied(stack, folder):
    box = tuple(at for at in stack.axes.list_positions() if at[0] < 2)
    choice = RunChoice(stack, (1, 2, None, None, None), SMALL, box, folder / "mine.ome.zarr")
    text = write_command(choice)
    assert " --plane T=1,Z=2 --range T=0:2 " in text
    run_command(text)
    expected = LabelStore.open(folder / "mine.ome.zarr").array[:]
    there = RunChoice(stack, choice.position, SMALL, box, folder / "python.ome.zarr")
    np.testing.assert_array_equal(run_python(write_python(there))[:], expected)
    assert expected[:2].all()
    assert not expected[2:].any()


def test_all_planes_need_no_range(stack):
    choice = RunChoice(stack, (1, 2, None, None, None), SMALL, tuple(stack.axes.list_positions()))
    assert "--range" not in write_command(choice)
    assert "planes=" not in write_python(choice)


def test_a_level_is_told():
    write_ome_zarr("cells.ome.zarr", draw(2, 1, 3, 16, 12), levels=2)
    choice = RunChoice(open_image("cells.ome.zarr", level=1), (1, None, 2, None, None), SMALL)
    assert " --axes TCZYX --level 1 --plane T=1,Z=2 " in write_command(choice)
    expected = segment(draw(2, 1, 3, 16, 12)[1, :, 2, ::2, ::2], channel_axis=0, **KNOBS)
    np.testing.assert_array_equal(run_python(write_python(choice)), expected)


def test_one_plane_of_a_zarr_goes_into_a_zarr():
    write_ome_zarr("cells.ome.zarr", draw(16, 12), axes="yx")
    choice = RunChoice(open_image("cells.ome.zarr"), (None, None), SMALL)
    assert write_command(choice) == (
        f"napari-dynaseg segment cells.ome.zarr -o cells_labels.dynaseg.ome.zarr {KNOB_OPTIONS}"
    ).replace("cells.ome.zarr -o", f"{choice.stack.path} -o")
    run_command(write_command(choice))


def test_arrays_that_lie_in_no_file_are_taken_from_the_viewer():
    pixels = draw(3, 9, 8)
    axes = parse_axes("ZYX", pixels.shape)
    arrays = ("viewer['a']", "viewer['b']")
    stack = StackImage((pixels, pixels[::-1]), axes, "a, b")
    choice = RunChoice(stack, (1, None, None), SMALL, arrays=arrays)
    labels = run_python(write_python(choice), viewer={"a": pixels, "b": pixels[::-1]})
    expected = segment(np.stack([pixels[1], pixels[1]]), channel_axis=0, **KNOBS)
    np.testing.assert_array_equal(labels, expected)
    with pytest.raises(FileError, match="a, b lies in no file; save it"):
        write_command(choice)
    with pytest.raises(FileError, match="a, b lies in no file; save it"):
        write_python(RunChoice(stack, (1, None, None), SMALL))


def test_a_file_that_holds_something_else_is_not_named(stack):
    other = StackImage((np.zeros((4, 3, 2, 9, 8)),), stack.axes, "changed", stack.path)
    choice = RunChoice(other, (1, 2, None, None, None), SMALL, arrays=("mine",))
    with pytest.raises(FileError, match="changed is not the image that my cells.tif holds"):
        write_command(choice)
    assert "arrays = (mine,)" in write_python(choice)
    gone = StackImage((draw(9, 8),), parse_axes("YX", (9, 8)), "gone", "gone.tif")
    with pytest.raises(FileError, match=r"gone is not the image that gone.tif holds"):
        write_command(RunChoice(gone, (None, None), SMALL))


def test_an_address_is_taken_at_its_word():
    address = "https://nowhere.invalid/cells.ome.zarr"
    image = StackImage((draw(9, 8),), parse_axes("YX", (9, 8)), "cells", address)
    assert f"segment {address} -o cells_labels.dynaseg.ome.zarr" in write_command(
        RunChoice(image, (None, None), SMALL)
    )


def test_labels_of_the_copied_command_hold_their_recipe():
    tifffile.imwrite("cells.tif", draw(9, 8))
    run_command(write_command(RunChoice(open_image("cells.tif"), (None, None), SMALL)))
    recipe = read_recipe(Path("cells_labels.dynaseg.ome.tif")).recipe
    assert recipe.settings == SMALL.model_dump()
