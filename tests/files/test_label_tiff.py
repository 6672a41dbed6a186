"""OME-TIFFs of label layers: any reader opens them, and ours gives all of it back."""

import json

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from napari_dynaseg import Recipe, Settings
from napari_dynaseg.errors import FileError
from napari_dynaseg.files.label_state import STATE_KEY, LayerState
from napari_dynaseg.files.label_tiff import LAYER_TIFF_ENDING, read_label_tiff, write_label_tiff
from napari_dynaseg.files.plain_labels import write_labels
from napari_dynaseg.image.reader import open_image
from napari_dynaseg.recipes.recipe import Source

STATE = LayerState(
    name='µ "cells" <1>',
    scale=(2.0, 1.0, 0.5, 0.25),
    units=("second", "pixel", "micrometer", "nanometer"),
    axis_labels=("t", "c", "y", "x"),
    metadata={"dynaseg_note": "\x07 & ü"},
)
DTYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
NAMELESS = LayerState(name="cells")


def draw(*shape, dtype=np.int32):
    return np.random.default_rng(0).integers(0, 9, shape).astype(dtype)


@pytest.fixture
def path(tmp_path):
    return tmp_path / f"cells{LAYER_TIFF_ENDING}"


@given(st.data())
def test_pixels_of_any_whole_dtype_and_shape_come_back_as_they_were(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("layers") / f"cells{LAYER_TIFF_ENDING}"
    dtype = data.draw(st.sampled_from(DTYPES))
    shape = data.draw(npst.array_shapes(min_dims=2, max_dims=5, max_side=4))
    low, high = max(np.iinfo(dtype).min, -(2**31)), min(np.iinfo(dtype).max, 2**31 - 1)
    pixels = data.draw(npst.arrays(dtype, shape, elements=st.integers(low, high)))
    letters = data.draw(st.permutations("tczyx"))[: len(shape)]
    state = LayerState(name="cells", axis_labels=tuple(letters))
    write_label_tiff(path, pixels, state)
    back, state_back = read_label_tiff(path)
    np.testing.assert_array_equal(back, pixels, strict=True)
    assert back.flags.writeable
    assert state_back == state


def test_the_state_comes_back_as_it_was(path):
    write_label_tiff(path, draw(3, 1, 5, 4), STATE)
    assert read_label_tiff(path)[1] == STATE


def test_other_readers_find_an_ome_tiff_with_axes_and_sizes_of_pixels(path):
    pixels = draw(3, 1, 5, 4)
    write_label_tiff(path, pixels, STATE)
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_ome
        ome = tifffile.xml2dict(tiff.ome_metadata)["OME"]["Image"]
        assert (tiff.series[0].axes, tiff.series[0].dtype) == ("TYX", np.uint16)
        np.testing.assert_array_equal(tiff.asarray(), pixels[:, 0])
    assert ome["Name"] == STATE.name
    told = {key: ome["Pixels"][key] for key in ("SizeT", "SizeC", "SizeY", "SizeX")}
    assert told == {"SizeT": 3, "SizeC": 1, "SizeY": 5, "SizeX": 4}
    stack = open_image(path)
    assert (stack.scale, stack.units) == ((2.0, 0.5, 0.25), ("second", "micrometer", "nanometer"))


@pytest.mark.parametrize("shape", [(3, 5, 4), (5, 4, 3), (4, 3, 4)])
def test_no_axis_is_taken_for_colours(path, shape):
    write_label_tiff(path, draw(*shape), NAMELESS)
    assert open_image(path).axes.sentence == f"Z={shape[0]} · Y×X segmented"


def test_planes_are_pages_wherever_their_axes_lie(path):
    pixels = draw(5, 4, 3)
    write_label_tiff(path, pixels, LayerState(name="cells", axis_labels=("y", "x", "t")))
    with tifffile.TiffFile(path) as tiff:
        np.testing.assert_array_equal(tiff.asarray(), np.moveaxis(pixels, -1, 0))


@pytest.mark.parametrize("unit", ["pixel", "furlong", "second"])
def test_a_size_that_ome_cannot_tell_is_for_our_reader_alone(path, unit):
    state = LayerState(name="cells", scale=(0.5, 0.5), units=(unit, unit))
    write_label_tiff(path, draw(5, 4), state)
    with tifffile.TiffFile(path) as tiff:
        assert "PhysicalSize" not in tiff.ome_metadata
    assert read_label_tiff(path)[1] == state


def test_labels_too_large_for_an_ome_tiff_are_refused_before_anything_is_written(path):
    with pytest.raises(FileError, match=r"labels from 0 to 4294967296 do not fit .* OME-Zarr"):
        write_label_tiff(path, np.array([[0, 2**32]]), NAMELESS)
    assert list(path.parent.iterdir()) == []


def test_more_axes_than_an_ome_tiff_has_are_refused(path):
    with pytest.raises(FileError, match="5 axes at most; got 6: an OME-Zarr takes as many"):
        write_label_tiff(path, draw(1, 1, 1, 1, 2, 2), NAMELESS)


def test_a_layer_that_cannot_be_read_to_its_end_leaves_the_old_file(path):
    class Broken:
        shape, ndim, dtype = (2, 2, 2), 3, np.dtype(np.uint8)

        def __getitem__(self, index):
            if index[0]:
                raise OSError("the disk is gone")
            return np.zeros((2, 2), np.uint8)

    write_label_tiff(path, draw(5, 4), NAMELESS)
    with pytest.raises(FileError, match="cannot be written: the disk is gone"):
        write_label_tiff(path, Broken(), NAMELESS)
    np.testing.assert_array_equal(read_label_tiff(path)[0], draw(5, 4))
    assert list(path.parent.iterdir()) == [path]


def test_labels_of_the_command_line_come_with_their_recipe(path):
    source = Source.of(np.zeros((1, 5, 4), np.float32), "cells")
    recipe = Recipe.now(Settings(device="cpu"), 3, source, numbering="size")
    write_labels(path, draw(5, 4), recipe)
    labels, state = read_label_tiff(path)
    np.testing.assert_array_equal(labels, draw(5, 4))
    assert state == LayerState(name="cells", metadata=recipe.to_metadata())


def test_an_ome_tiff_of_others_is_refused(path):
    tifffile.imwrite(path, draw(5, 4), ome=True)
    with pytest.raises(FileError, match="no recipe here"):
        read_label_tiff(path)


def test_a_broken_file_is_named(path):
    path.write_bytes(b"no TIFF")
    with pytest.raises(FileError, match=f"{path} cannot be read"):
        read_label_tiff(path)


@pytest.mark.parametrize("note", ["{}", '{"format": 1}', "no JSON"])
def test_a_damaged_note_is_told_so(path, note):
    annotation = {"Namespace": "napari-dynaseg", STATE_KEY: note}
    tifffile.imwrite(path, draw(5, 4), ome=True, metadata={"MapAnnotation": annotation})
    with pytest.raises(FileError, match="cannot be read"):
        read_label_tiff(path)


def test_our_note_is_found_among_those_of_others(path):
    write_label_tiff(path, draw(5, 4), STATE.model_copy(update={"scale": (), "units": ()}))
    with tifffile.TiffFile(path) as tiff:
        ours = tifffile.xml2dict(tiff.ome_metadata)["OME"]["StructuredAnnotations"]
    text = ours["MapAnnotation"]["Value"]["M"]["value"]
    others = [{"Namespace": "others", "a": 1}, {"Namespace": "others", STATE_KEY: text, "b": 2}]
    tifffile.imwrite(path, draw(5, 4), ome=True, metadata={"MapAnnotation": others})
    assert read_label_tiff(path)[1].name == json.loads(text)["layer"]["name"]
