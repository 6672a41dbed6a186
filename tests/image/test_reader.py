"""One reader for all images: files, folders and addresses, whole stacks or one plane."""

import pickle
import re
import subprocess
import sys

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile
import zarr
from tests.stacks_drawn import draw, read_all, write_ome_zarr

from napari_dynaseg.errors import FileError, ImageError
from napari_dynaseg.image.reader import list_images, open_image, open_plane, read_plane


@pytest.mark.parametrize(
    ("name", "shape", "sentence"),
    [
        ("grey.png", (6, 5), "Y×X segmented"),
        ("grey.PNG", (6, 5, 2), "Y×X segmented"),
        ("colour.png", (6, 5, 3), "RGB used as channels · Y×X segmented"),
        ("clear.png", (6, 5, 4), "RGB used as channels, alpha left out · Y×X segmented"),
        ("photo.jpg", (6, 5, 3), "RGB used as channels · Y×X segmented"),
    ],
)
def test_a_picture_is_read_grey_or_coloured(tmp_path, name, shape, sentence):
    imageio.imwrite(tmp_path / name, draw(*shape, dtype=np.uint8), extension=name[-4:].lower())
    image = open_image(tmp_path / name)
    assert image.axes.sentence == sentence
    assert read_all(image).shape == (1, 3 if "RGB" in sentence else 1, 6, 5)


def test_given_axes_go_before_what_the_file_says(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", draw(3, 6, 5), imagej=True, metadata={"axes": "ZYX"})
    write_ome_zarr(tmp_path / "a.zarr", draw(3, 6, 5), axes="zyx")
    zarr.create_array(tmp_path / "plain.zarr", data=draw(3, 6, 5))
    imageio.imwrite(tmp_path / "a.png", draw(3, 6, 3, dtype=np.uint8))
    for name in ("a.tif", "a.zarr", "plain.zarr"):
        image = open_image(tmp_path / name, axes="cyx")
        assert image.axes.sentence == "C=3 used as channels · Y×X segmented"
    assert open_image(tmp_path / "a.png", axes="TYX").axes.sentence == "T=3 · Y×X segmented"


@pytest.mark.parametrize(
    ("axes", "told"),
    [
        ("TZYX", r"3 different letters for an image of shape \(3, 6, 5\); got 'TZYX'"),
        ("YYX", r"3 different letters .* got 'YYX'"),
        ("TZX", r"must have Y and X"),
        ("TXYS", r"3 different letters"),
        ("YXS", r"S holds the samples of a colour, 3 or 4; got 5"),
    ],
)
def test_axes_that_do_not_fit_are_refused(tmp_path, axes, told):
    tifffile.imwrite(tmp_path / "a.tif", draw(3, 6, 5), imagej=True, metadata={"axes": "ZYX"})
    with pytest.raises(ImageError, match=rf"a\.tif: ax.*{told}"):
        open_image(tmp_path / "a.tif", axes=axes)


def test_metadata_that_do_not_fit_their_array_are_refused(tmp_path):
    write_ome_zarr(tmp_path / "a.zarr", draw(2, 6, 5), axes="tzyx")
    with pytest.raises(
        ImageError, match=r"axes t, z, y, x, which do not fit its shape \(2, 6, 5\)"
    ):
        open_image(tmp_path / "a.zarr")
    assert open_image(tmp_path / "a.zarr", axes="ZYX").axes.sentence == "Z=2 · Y×X segmented"


@pytest.mark.parametrize("content", [b"", b"this is no picture"])
@pytest.mark.parametrize("name", ["a.tif", "a.tiff", "a.png", "a.jpeg"])
def test_a_broken_file_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError, match=rf"{re.escape(name)} cannot be read: ."):
        open_image(tmp_path / name)


def test_what_is_no_image_is_refused(tmp_path):
    (tmp_path / "notes.txt").touch()
    (tmp_path / "empty").mkdir()
    zarr.open_group(tmp_path / "group.zarr", mode="w")
    zarr.create_array(tmp_path / "line.zarr", data=draw(7))
    for name, kind, told in (
        ("none.tif", FileError, "it does not exist"),
        ("notes.txt", FileError, r"no image file; expected \.tif, .*OME-Zarr"),
        ("empty", FileError, "there is no Zarr at .*empty; expected an OME-Zarr image"),
        ("group.zarr", FileError, "without the metadata of an OME-Zarr image"),
        ("line.zarr", ImageError, r"two axes at least; got shape \(7,\)"),
    ):
        with pytest.raises(kind, match=rf"{re.escape(name)}: .*{told}"):
            open_image(tmp_path / name)


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.zarr"])
def test_a_file_of_one_level_has_no_other(tmp_path, name):
    if name == "a.zarr":
        zarr.create_array(tmp_path / name, data=draw(6, 5))
    else:
        imageio.imwrite(tmp_path / name, draw(6, 5, dtype=np.uint8))
    assert open_image(tmp_path / name, level=0).axes.sentence == "Y×X segmented"
    with pytest.raises(FileError, match="it has no level 1; expected 0, its only one"):
        open_image(tmp_path / name, level=1)


READ_PICKLED = """
import pathlib, pickle, sys
image = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
print(int(image.read_channels((1, None, None)).sum()))
"""


@pytest.mark.parametrize("name", ["a.tif", "a.zarr"])
def test_another_process_reads_a_pickled_stack(tmp_path, monkeypatch, name):
    pixels = draw(2, 64, 64)
    write_ome_zarr(tmp_path / "a.zarr", pixels, axes="zyx")
    tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True, metadata={"axes": "ZYX"})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sent").write_bytes(pickle.dumps(open_image(name)))
    (tmp_path / "elsewhere").mkdir()
    command = [sys.executable, "-c", READ_PICKLED, str(tmp_path / "sent")]
    answer = subprocess.run(
        command,
        cwd=tmp_path / "elsewhere",
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert int(answer.stdout) == pixels[1].sum()


@pytest.mark.parametrize("name", ["grey.png", "grey.PNG", "grey.tif", "grey.TIFF"])
def test_grey_images_are_read_as_they_are(tmp_path, name):
    pixels = draw(12, 10, dtype=np.uint8)
    imageio.imwrite(tmp_path / name, pixels)
    np.testing.assert_array_equal(read_plane(tmp_path / name), pixels[None])


def test_colours_of_a_png_are_read_in_order(tmp_path):
    pixels = draw(12, 10, 3, dtype=np.uint8)
    imageio.imwrite(tmp_path / "colour.png", pixels)
    np.testing.assert_array_equal(read_plane(tmp_path / "colour.png"), np.moveaxis(pixels, -1, 0))


@pytest.mark.parametrize("ending", [".jpg", ".jpeg"])
def test_a_jpeg_is_read(tmp_path, ending):
    path = tmp_path / f"photo{ending}"
    imageio.imwrite(path, np.full((16, 16, 3), 200, np.uint8))
    pixels = read_plane(path)
    assert pixels.shape == (3, 16, 16)
    assert np.abs(pixels.astype(int) - 200).max() < 5


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32])
def test_a_tiff_keeps_its_dtype(tmp_path, dtype):
    pixels = np.arange(120).reshape(12, 10).astype(dtype)
    tifffile.imwrite(tmp_path / "deep.tif", pixels)
    read = read_plane(tmp_path / "deep.tif")
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, pixels[None])


@pytest.mark.parametrize(
    ("shape", "axes", "read_shape", "channel_axis"),
    [
        ((2, 12, 10), "CYX", (2, 12, 10), 0),
        ((20, 12, 10), "CYX", (20, 12, 10), 0),
        ((12, 10, 2), "YXC", (12, 10, 2), 2),
        ((1, 12, 10), "CYX", (1, 12, 10), 0),
        ((1, 2, 12, 10), "TCYX", (2, 12, 10), 0),
        ((1, 1, 12, 10), "TZYX", (1, 12, 10), 0),
        ((1, 10), "YX", (1, 1, 10), 0),
    ],
)
def test_a_tiff_says_which_axis_holds_its_channels(tmp_path, shape, axes, read_shape, channel_axis):
    pixels = draw(*shape, dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack", metadata={"axes": axes})
    channels = np.moveaxis(pixels.reshape(read_shape), channel_axis, 0)
    np.testing.assert_array_equal(read_plane(tmp_path / "a.tif"), channels, strict=True)


def test_a_tiff_of_imagej_says_its_channels_too(tmp_path):
    pixels = draw(2, 12, 10, dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True, metadata={"axes": "CYX"})
    np.testing.assert_array_equal(read_plane(tmp_path / "a.tif"), pixels)


def test_colour_samples_of_a_tiff_are_read_in_order(tmp_path):
    pixels = draw(12, 10, 3, dtype=np.uint8)
    tifffile.imwrite(tmp_path / "rgb.tif", pixels, photometric="rgb")
    np.testing.assert_array_equal(read_plane(tmp_path / "rgb.tif"), np.moveaxis(pixels, -1, 0))


def test_damaged_planes_that_nobody_named_are_told(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, draw(5, 64, 64), photometric="minisblack", compression="zlib")
    with tifffile.TiffFile(path) as tiff:
        offset = tiff.pages[1].dataoffsets[0]
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"damaged!")
    with pytest.raises(FileError, match=r"a\.tif cannot be read: ."):
        open_plane(path)


@pytest.mark.parametrize("count", [2, 5, 16])
def test_planes_that_nobody_named_are_the_channels_of_one_plane(tmp_path, count):
    pixels = draw(count, 256, 256)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    image = open_plane(tmp_path / "a.tif")
    assert (image.channels, len(list(image.axes.list_positions()))) == (count, 1)
    np.testing.assert_array_equal(image.read_first(), pixels)


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ((40, 9, 8), r"a\.tif: cannot tell which axis of shape \(40, 9, 8\).*; or else"),
        ((9, 2, 6, 5), r"a\.tif: an image must have shape .* got shape \(9, 2, 6, 5\); or else"),
    ],
)
def test_planes_that_nobody_named_may_be_too_many(tmp_path, shape, told):
    tifffile.imwrite(tmp_path / "a.tif", draw(*shape), photometric="minisblack")
    with pytest.raises(ImageError, match=told):
        open_plane(tmp_path / "a.tif", hint="; or else")


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
    tifffile.imwrite(
        path, draw(*shape, dtype=np.uint8), photometric="minisblack", metadata={"axes": axes}
    )
    with pytest.raises(ImageError, match=rf"stack\.tif is a stack \({told}\); expected one plane"):
        open_plane(path)


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
def test_a_list_refuses_what_is_no_image(tmp_path, name, told):
    (tmp_path / "notes.txt").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match=told):
        list_images([tmp_path / name])
