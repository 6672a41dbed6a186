"""Image and label files: read, written whole, and refused with a reason."""

import os
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

from napari_dynaseg import Recipe, Settings
from napari_dynaseg.errors import FileError, ImageError
from napari_dynaseg.files.plain_labels import draw_preview, read_labels, write_labels, write_preview
from napari_dynaseg.image.plane_files import list_images, read_image
from napari_dynaseg.recipes.recipe import Source

LABELS = np.array([[1, 1, 2], [1, 3, 2]], np.int32)


@pytest.fixture
def recipe():
    plane = np.zeros((1, 2, 3), np.float32)
    return Recipe.now(Settings(device="cpu"), 5, Source.of(plane, "cells"), numbering="size")


def draw_bytes(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("name", ["grey.png", "grey.PNG", "grey.tif", "grey.TIFF"])
def test_grey_images_are_read_as_they_are(tmp_path, name):
    pixels = draw_bytes(12, 10)
    imageio.imwrite(tmp_path / name, pixels)
    image = read_image(tmp_path / name)
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.channel_axis is None


def test_colours_of_a_png_are_read_in_order(tmp_path):
    pixels = draw_bytes(12, 10, 3)
    imageio.imwrite(tmp_path / "colour.png", pixels)
    np.testing.assert_array_equal(read_image(tmp_path / "colour.png").pixels, pixels)


@pytest.mark.parametrize("ending", [".jpg", ".jpeg"])
def test_a_jpeg_is_read(tmp_path, ending):
    path = tmp_path / f"photo{ending}"
    imageio.imwrite(path, np.full((16, 16, 3), 200, np.uint8))
    pixels = read_image(path).pixels
    assert pixels.shape == (16, 16, 3)
    assert np.abs(pixels.astype(int) - 200).max() < 5


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32])
def test_a_tiff_keeps_its_dtype(tmp_path, dtype):
    pixels = np.arange(120).reshape(12, 10).astype(dtype)
    tifffile.imwrite(tmp_path / "deep.tif", pixels)
    image = read_image(tmp_path / "deep.tif")
    assert image.pixels.dtype == dtype
    np.testing.assert_array_equal(image.pixels, pixels)


@pytest.mark.parametrize(
    ("shape", "axes", "read_shape", "channel_axis"),
    [
        ((2, 12, 10), "CYX", (2, 12, 10), 0),
        ((20, 12, 10), "CYX", (20, 12, 10), 0),
        ((12, 10, 2), "YXC", (12, 10, 2), 2),
        ((1, 12, 10), "CYX", (12, 10), None),
        ((1, 2, 12, 10), "TCYX", (2, 12, 10), 0),
        ((1, 1, 12, 10), "TZYX", (12, 10), None),
        ((1, 10), "YX", (1, 10), None),
    ],
)
def test_a_tiff_says_which_axis_holds_its_channels(tmp_path, shape, axes, read_shape, channel_axis):
    pixels = draw_bytes(*shape)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack", metadata={"axes": axes})
    image = read_image(tmp_path / "a.tif")
    assert (image.pixels.shape, image.channel_axis) == (read_shape, channel_axis)
    np.testing.assert_array_equal(image.pixels, pixels.reshape(read_shape))


def test_a_tiff_of_imagej_says_its_channels_too(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", draw_bytes(2, 12, 10), imagej=True, metadata={"axes": "CYX"}
    )
    assert read_image(tmp_path / "a.tif").channel_axis == 0


def test_colour_samples_of_a_tiff_are_left_to_their_shape(tmp_path):
    pixels = draw_bytes(12, 10, 3)
    tifffile.imwrite(tmp_path / "rgb.tif", pixels, photometric="rgb")
    image = read_image(tmp_path / "rgb.tif")
    assert image.channel_axis is None
    np.testing.assert_array_equal(image.pixels, pixels)


@pytest.mark.parametrize(
    ("shape", "axes", "told"),
    [
        ((5, 12, 10), "ZYX", r"Z=5"),
        ((5, 12, 10), "TYX", r"T=5"),
        ((2, 3, 4, 12, 10), "TZCYX", r"T=2, Z=3"),
    ],
)
def test_a_stack_is_refused_with_its_axes(tmp_path, shape, axes, told):
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, draw_bytes(*shape), photometric="minisblack", metadata={"axes": axes})
    with pytest.raises(ImageError, match=rf"stack\.tif is a stack \({told}\); expected one plane"):
        read_image(path)


@pytest.mark.parametrize("content", [b"", b"this is no picture"])
@pytest.mark.parametrize("name", ["broken.tif", "broken.tiff"])
def test_a_broken_image_is_named(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileError, match=rf"{name} cannot be read: ."):
        read_image(path)


def test_a_missing_image_is_named(tmp_path):
    with pytest.raises(FileError, match=r"none\.png cannot be read: ."):
        read_image(tmp_path / "none.png")


def test_a_folder_stands_for_its_images_sorted_by_name(tmp_path):
    for name in ("b.tif", "a.PNG", "notes.txt", "c.jpeg"):
        (tmp_path / name).touch()
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "d.png").touch()
    assert [path.name for path in list_images([tmp_path])] == ["a.PNG", "b.tif", "c.jpeg"]


def test_files_and_folders_keep_the_order_given(tmp_path):
    (tmp_path / "folder").mkdir()
    inside, outside = tmp_path / "folder" / "a.png", tmp_path / "z.png"
    inside.touch()
    outside.touch()
    assert list_images([outside, tmp_path / "folder"]) == [outside, inside]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("none.png", r"none\.png does not exist"),
        ("notes.txt", r"notes\.txt is no image file; expected \.tif, \.tiff, \.png"),
        ("empty", r"empty holds no image; expected \.tif, \.tiff, \.png"),
    ],
)
def test_what_is_no_image_is_refused(tmp_path, name, told):
    (tmp_path / "notes.txt").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match=told):
        list_images([tmp_path / name])


@pytest.mark.parametrize("shape", [(2, 3), (1, 6), (6, 1)])
def test_labels_come_back_with_their_recipe(tmp_path, recipe, shape):
    path = tmp_path / "labels.tif"
    write_labels(path, LABELS.reshape(shape), recipe)
    labels, read = read_labels(path)
    np.testing.assert_array_equal(labels, LABELS.reshape(shape))
    assert read == recipe


def test_a_recipe_of_any_alphabet_comes_back(tmp_path, recipe):
    source = recipe.source.model_copy(update={"name": "cellules µ 細胞"})
    write_labels(tmp_path / "labels.tif", LABELS, recipe.model_copy(update={"source": source}))
    assert read_labels(tmp_path / "labels.tif")[1].source.name == "cellules µ 細胞"


@pytest.mark.parametrize(
    ("largest", "dtype"), [(3, np.uint16), (65_535, np.uint16), (65_536, np.int32)]
)
def test_labels_are_uint16_while_they_fit(tmp_path, recipe, largest, dtype):
    labels = np.array([[1, largest]], np.int32)
    write_labels(tmp_path / "labels.tif", labels, recipe)
    read, _ = read_labels(tmp_path / "labels.tif")
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, labels)


def test_written_labels_can_be_read_by_other_programs(tmp_path, recipe):
    write_labels(tmp_path / "labels.tif", LABELS, recipe)
    np.testing.assert_array_equal(imageio.imread(tmp_path / "labels.tif"), LABELS)


def test_missing_folders_are_made(tmp_path, recipe):
    path = tmp_path / "new" / "deeper" / "labels.tif"
    write_labels(path, LABELS, recipe)
    assert path.is_file()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")
def test_a_written_file_has_the_permissions_of_any_new_file(tmp_path, recipe):
    (tmp_path / "usual").touch()
    write_labels(tmp_path / "labels.tif", LABELS, recipe)
    assert (tmp_path / "labels.tif").stat().st_mode == (tmp_path / "usual").stat().st_mode


def write_half(path, *_, **__):
    Path(path).write_bytes(b"half")
    raise OSError("No space left on device")


def test_when_writing_fails_no_half_file_is_left(tmp_path, recipe, monkeypatch):
    monkeypatch.setattr(tifffile, "imwrite", write_half)
    with pytest.raises(FileError, match=r"labels\.tif cannot be written: No space left on device"):
        write_labels(tmp_path / "labels.tif", LABELS, recipe)
    assert list(tmp_path.iterdir()) == []


def test_when_writing_fails_the_old_file_stays(tmp_path, recipe, monkeypatch):
    path = tmp_path / "labels.tif"
    write_labels(path, LABELS, recipe)
    monkeypatch.setattr(tifffile, "imwrite", write_half)
    with pytest.raises(FileError, match="cannot be written"):
        write_labels(path, LABELS + 1, recipe)
    np.testing.assert_array_equal(read_labels(path)[0], LABELS)
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path, recipe):
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match=r"labels\.tif cannot be written: ."):
        write_labels(tmp_path / "file" / "labels.tif", LABELS, recipe)


def test_a_tiff_without_a_recipe_is_told_so(tmp_path):
    tifffile.imwrite(tmp_path / "plain.tif", LABELS)
    with pytest.raises(FileError, match="no recipe here"):
        read_labels(tmp_path / "plain.tif")


def test_a_label_file_that_is_none_is_named(tmp_path):
    (tmp_path / "text.tif").write_text("text")
    for name in ("text.tif", "none.tif"):
        with pytest.raises(FileError, match=rf"{name} cannot be read: ."):
            read_labels(tmp_path / name)


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_a_preview_is_an_rgb_picture_of_the_plane_s_size(channels):
    plane = np.random.default_rng(0).random((channels, 12, 10), dtype=np.float32)
    labels = np.ones((12, 10), np.int32)
    labels[:, 5:] = 2
    picture = draw_preview(plane, labels)
    assert (picture.shape, picture.dtype) == ((12, 10, 3), np.uint8)


def test_a_preview_tells_the_segments_apart_and_outlines_them():
    labels = np.ones((12, 10), np.int32)
    labels[:, 5:] = 2
    picture = draw_preview(np.full((1, 12, 10), 0.5, np.float32), labels)
    assert (picture[6, 1] != picture[6, 8]).any()
    assert (picture[6] == 255).all(axis=-1).any()


@pytest.mark.parametrize("name", ["preview.png", "preview.jpg"])
def test_a_preview_file_can_be_read_back(tmp_path, name):
    plane = np.random.default_rng(0).random((1, 12, 10), dtype=np.float32)
    write_preview(tmp_path / name, plane, np.ones((12, 10), np.int32))
    assert imageio.imread(tmp_path / name).shape == (12, 10, 3)


def test_a_preview_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    plane = np.zeros((1, 12, 10), np.float32)
    with pytest.raises(FileError, match=r"look\.png cannot be written: ."):
        write_preview(tmp_path / "file" / "look.png", plane, np.ones((12, 10), np.int32))
