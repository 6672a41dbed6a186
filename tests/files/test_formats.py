"""Which ending is which format, and what is said of the rest."""

import numpy as np
import pytest
import tifffile

from napari_dynaseg import Recipe, Settings
from napari_dynaseg.errors import FileError
from napari_dynaseg.files.formats import read_label_layer, write_label_layer, write_label_map
from napari_dynaseg.files.label_state import LayerState
from napari_dynaseg.files.plain_labels import read_labels
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.recipes.recipe import Source

LABELS = np.array([[1, 1, 2], [1, 3, 2]], np.int32)
STATE = LayerState(name="cells")


@pytest.fixture
def recipe():
    source = Source.of(np.zeros((1, 2, 3), np.float32), "cells")
    return Recipe.now(Settings(device="cpu"), 2, source, numbering="size")


@pytest.mark.parametrize("name", ["a.dynaseg.ome.tif", "A.DYNASEG.OME.TIF", "a.dynaseg.ome.zarr"])
def test_a_layer_is_written_in_the_format_of_its_ending(tmp_path, name):
    write_label_layer(tmp_path / name, LABELS, STATE)
    pixels, state = read_label_layer(tmp_path / name)
    np.testing.assert_array_equal(np.asarray(pixels), LABELS)
    assert state == STATE
    assert (tmp_path / name).is_dir() == name.endswith(".zarr")


@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif", "a.ome.zarr"])
def test_another_ending_is_refused(tmp_path, name):
    with pytest.raises(FileError, match=r"ends in .dynaseg.ome.tif or .dynaseg.ome.zarr; got"):
        write_label_layer(tmp_path / name, LABELS, STATE)
    with pytest.raises(FileError, match=r"ends in .dynaseg.ome.tif or .dynaseg.ome.zarr; got"):
        read_label_layer(tmp_path / name)


def test_a_file_that_is_none_of_ours_is_named(tmp_path):
    path = tmp_path / "a.dynaseg.ome.tif"
    tifffile.imwrite(path, LABELS)
    with pytest.raises(FileError, match=f"{path}: no recipe here"):
        read_label_layer(path)


def test_a_map_becomes_a_layer_only_by_our_ending(tmp_path, recipe):
    axes = parse_axes("TYX", (4, 2, 3))
    units = ("second", "micrometer", "micrometer")
    image = StackImage((np.zeros((4, 2, 3)),), axes, "cells", None, (9.0, 0.5, 0.25), units)
    write_label_map(tmp_path / "a.tif", LABELS, recipe, image)
    assert read_labels(tmp_path / "a.tif")[1] == recipe
    write_label_map(tmp_path / "a.dynaseg.ome.tif", LABELS, recipe, image)
    pixels, state = read_label_layer(tmp_path / "a.dynaseg.ome.tif")
    np.testing.assert_array_equal(pixels, LABELS, strict=True)
    assert (state.scale, state.units) == ((0.5, 0.25), ("micrometer", "micrometer"))
    assert state.metadata == recipe.to_metadata()


def test_a_map_of_an_image_without_sizes_is_written_all_the_same(tmp_path, recipe):
    for image in (None, StackImage((np.zeros((2, 3)),), parse_axes("YX", (2, 3)), "cells")):
        write_label_map(tmp_path / "a.dynaseg.ome.tif", LABELS, recipe, image)
        assert read_label_layer(tmp_path / "a.dynaseg.ome.tif")[1].scale == ()
