"""A label map in a plain TIFF with its recipe, and its picture: written whole, and read back."""

import os
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

from napari_dynaseg import Recipe, Settings
from napari_dynaseg.errors import FileError
from napari_dynaseg.files.plain_labels import draw_preview, read_labels, write_labels, write_preview
from napari_dynaseg.recipes.recipe import Source

LABELS = np.array([[1, 1, 2], [1, 3, 2]], np.int32)


@pytest.fixture
def recipe():
    plane = np.zeros((1, 2, 3), np.float32)
    return Recipe.now(Settings(device="cpu"), 5, Source.of(plane, "cells"), numbering="size")


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
