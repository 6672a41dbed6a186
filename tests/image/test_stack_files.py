"""Stacks in files and at addresses: read as the file says, and only as far as is asked."""

import pickle
import re
import subprocess
import sys
import tracemalloc

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile
import zarr
from tests.stacks_drawn import draw, read_all, write_ome_zarr

from napari_dynaseg.errors import FileError, ImageError
from napari_dynaseg.image.stack_files import open_stack


def test_an_ome_tiff_is_read_as_it_says(tmp_path):
    pixels = draw(2, 3, 4, 6, 5)
    sizes = {"PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 500.0}
    sizes |= {"PhysicalSizeYUnit": "nm", "PhysicalSizeZ": 2, "TimeIncrement": 3}
    path = tmp_path / "cells.ome.tif"
    tifffile.imwrite(path, pixels, metadata={"axes": "TCZYX", **sizes})
    image = open_stack(path)
    assert image.axes.sentence == "T=2 · C=3 used as channels · Z=4 · Y×X segmented"
    assert (image.name, image.path) == ("cells.ome.tif", str(path))
    assert image.scale == (3, 1, 2, 500, 0.25)
    assert image.units == ("second", "pixel", "micrometer", "nanometer", "micrometer")
    np.testing.assert_array_equal(
        read_all(image), pixels.transpose(0, 2, 1, 3, 4).reshape(8, 3, 6, 5)
    )


def test_an_imagej_hyperstack_is_read_as_it_says(tmp_path):
    pixels = draw(2, 3, 2, 6, 5)
    tifffile.imwrite(
        tmp_path / "a.tif",
        pixels,
        imagej=True,
        resolution=(4, 2),
        metadata={"axes": "TZCYX", "unit": "um", "spacing": 2.0, "finterval": 3.0},
    )
    image = open_stack(tmp_path / "a.tif")
    assert image.axes.sentence == "T=2 · Z=3 · C=2 used as channels · Y×X segmented"
    assert image.scale == (3, 2, 1, 0.5, 0.25)
    assert image.units == ("second", "micrometer", "pixel", "micrometer", "micrometer")
    np.testing.assert_array_equal(read_all(image), pixels.reshape(6, 2, 6, 5))


def test_an_imagej_stack_in_one_run_of_bytes_is_read_too(tmp_path):
    pixels = draw(4, 6, 5)
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, imagej=True, truncate=True, metadata={"axes": "ZYX"}
    )
    np.testing.assert_array_equal(read_all(open_stack(tmp_path / "a.tif"))[:, 0], pixels)


@pytest.mark.parametrize("unit", ["", "pixel", "furlong"])
def test_a_scale_in_no_known_unit_is_left_out(tmp_path, unit):
    tifffile.imwrite(
        tmp_path / "a.tif", draw(6, 5), imagej=True, resolution=(4, 2), metadata={"unit": unit}
    )
    image = open_stack(tmp_path / "a.tif")
    assert (image.scale, image.units) == ((), ())


@pytest.mark.parametrize(
    ("shape", "options", "sentence"),
    [
        ((6, 5), {}, "Y×X segmented"),
        ((7, 6, 5), {}, "axis 0=7 · Y×X segmented"),
        ((9, 2, 6, 5), {}, "axis 0=9 · axis 1=2 used as channels · Y×X segmented"),
        ((7, 6, 5), {"metadata": {"axes": "TYX"}}, "T=7 · Y×X segmented"),
        ((2, 2, 6, 5), {"metadata": {"axes": "ZZYX"}}, "Z=2 · axis 1=2 · Y×X segmented"),
        ((5, 6, 2), {"metadata": {"axes": "XYC"}}, "C=2 used as channels · Y×X segmented"),
        ((6, 5, 4), {"planarconfig": "contig"}, "C=4 used as channels · Y×X segmented"),
        ((16, 16, 16), {"volumetric": True, "tile": (16, 16, 16)}, "Z=16 · Y×X segmented"),
    ],
)
def test_a_plain_tiff_is_read_as_far_as_it_says(tmp_path, shape, options, sentence):
    tifffile.imwrite(tmp_path / "a.tif", draw(*shape), photometric="minisblack", **options)
    image = open_stack(tmp_path / "a.tif")
    assert image.axes.sentence == sentence
    assert read_all(image).size == np.prod(shape)


def test_pages_without_a_name_are_a_stack(tmp_path):
    pixels = draw(3, 6, 5)
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for page in pixels:
            tiff.write(page, metadata=None)
    image = open_stack(tmp_path / "a.tif")
    assert image.axes.sentence == "I=3 · Y×X segmented"
    np.testing.assert_array_equal(read_all(image)[:, 0], pixels)


@pytest.mark.parametrize(("samples", "told"), [(3, ""), (4, ", alpha left out")])
def test_a_colour_tiff_gives_its_colours(tmp_path, samples, told):
    pixels = draw(2, 6, 5, samples, dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", metadata={"axes": "ZYXS"})
    image = open_stack(tmp_path / "a.tif")
    assert image.axes.sentence == f"Z=2 · RGB used as channels{told} · Y×X segmented"
    np.testing.assert_array_equal(read_all(image), np.moveaxis(pixels[..., :3], -1, 1))


def test_colours_in_planes_of_their_own_are_channels(tmp_path):
    pixels = draw(3, 6, 5, dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", planarconfig="separate")
    for axes in (None, "syx"):
        image = open_stack(tmp_path / "a.tif", axes)
        assert image.axes.sentence == "C=3 used as channels · Y×X segmented"
        np.testing.assert_array_equal(read_all(image)[0], pixels)


def test_a_level_of_a_tiff_s_pyramid_has_its_own_scale(tmp_path):
    pixels = draw(2, 32, 32)
    sizes = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5, "PhysicalSizeZ": 2}
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as tiff:
        tiff.write(pixels, subifds=1, tile=(16, 16), metadata={"axes": "ZYX", **sizes})
        tiff.write(pixels[:, ::2, ::2], subfiletype=1, tile=(16, 16))
    assert open_stack(tmp_path / "a.ome.tif").scale == (2, 0.5, 0.5)
    coarse = open_stack(tmp_path / "a.ome.tif", level=1)
    assert coarse.scale == (2, 1, 1)
    np.testing.assert_array_equal(read_all(coarse)[:, 0], pixels[:, ::2, ::2])


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_tiff_is_read_plane_by_plane(tmp_path, compression):
    pixels = draw(64, 128, 128, dtype=np.uint8)
    tifffile.imwrite(
        tmp_path / "a.tif",
        pixels,
        photometric="minisblack",
        compression=compression,
        metadata={"axes": "ZYX"},
    )
    tracemalloc.start()
    try:
        image = open_stack(tmp_path / "a.tif")
        plane = image.read_channels((63, None, None))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(plane[0], pixels[63])
    assert peak < pixels.nbytes / 2


def test_a_damaged_plane_is_named_and_the_others_are_read(tmp_path):
    pixels = draw(3, 64, 64)
    path = tmp_path / "a.tif"
    options = {"photometric": "minisblack", "compression": "zlib", "metadata": {"axes": "TYX"}}
    tifffile.imwrite(path, pixels, **options)
    with tifffile.TiffFile(path) as tiff:
        offset = tiff.pages[1].dataoffsets[0]
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"damaged!")
    image = open_stack(path)
    np.testing.assert_array_equal(image.read_channels((2, None, None))[0], pixels[2])
    with pytest.raises(FileError, match=r"a\.tif: T=1 cannot be read: ."):
        image.read_channels((1, None, None))


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
    image = open_stack(tmp_path / name)
    assert image.axes.sentence == sentence
    assert read_all(image).shape == (1, 3 if "RGB" in sentence else 1, 6, 5)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_an_ome_zarr_is_read_as_it_says(tmp_path, zarr_format):
    pixels = draw(2, 3, 4, 6, 5)
    write_ome_zarr(tmp_path / "cells.zarr", pixels, zarr_format)
    image = open_stack(tmp_path / "cells.zarr")
    assert image.axes.sentence == "T=2 · C=3 used as channels · Z=4 · Y×X segmented"
    assert image.name == "cells.zarr"
    assert image.scale == (1, 1, 1, 0.5, 0.5)
    assert image.units == ("second", "pixel", "micrometer", "micrometer", "micrometer")
    np.testing.assert_array_equal(
        read_all(image), pixels.transpose(0, 2, 1, 3, 4).reshape(8, 3, 6, 5)
    )


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_level_of_an_ome_zarr_has_its_own_scale(tmp_path, zarr_format):
    pixels = draw(2, 8, 8)
    write_ome_zarr(tmp_path / "a.zarr", pixels, zarr_format, levels=3, axes="zyx")
    coarse = open_stack(tmp_path / "a.zarr", level=2)
    assert coarse.scale == (1, 2, 2)
    np.testing.assert_array_equal(read_all(coarse)[:, 0], pixels[:, ::4, ::4])
    with pytest.raises(FileError, match=r"a\.zarr: it has no level 3; expected 0 to 2"):
        open_stack(tmp_path / "a.zarr", level=3)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_folder_of_ome_zarr_images_stands_for_its_first(tmp_path, zarr_format):
    root = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=zarr_format)
    layout = {"bioformats2raw.layout": 3}
    root.attrs.update(layout if zarr_format == 2 else {"ome": layout})
    write_ome_zarr(tmp_path / "a.zarr" / "0", draw(2, 6, 5), zarr_format, axes="zyx")
    assert open_stack(tmp_path / "a.zarr").axes.sentence == "Z=2 · Y×X segmented"


@pytest.mark.parametrize(
    ("shape", "names", "sentence"),
    [
        ((20, 2, 6, 5), None, "axis 0=20 · axis 1=2 used as channels · Y×X segmented"),
        ((20, 6, 5, 3), None, "axis 0=20 · RGB used as channels · Y×X segmented"),
        ((2, 6, 5), ("time", "y", "x"), "time=2 · y×x segmented"),
    ],
)
def test_a_plain_zarr_array_is_guessed_by_its_shape_and_names(tmp_path, shape, names, sentence):
    zarr.create_array(tmp_path / "a.zarr", data=draw(*shape), dimension_names=names)
    assert open_stack(tmp_path / "a.zarr").axes.sentence.lower() == sentence.lower()


def test_given_axes_go_before_what_the_file_says(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", draw(3, 6, 5), imagej=True, metadata={"axes": "ZYX"})
    write_ome_zarr(tmp_path / "a.zarr", draw(3, 6, 5), axes="zyx")
    zarr.create_array(tmp_path / "plain.zarr", data=draw(3, 6, 5))
    imageio.imwrite(tmp_path / "a.png", draw(3, 6, 3, dtype=np.uint8))
    for name in ("a.tif", "a.zarr", "plain.zarr"):
        image = open_stack(tmp_path / name, axes="cyx")
        assert image.axes.sentence == "C=3 used as channels · Y×X segmented"
    assert open_stack(tmp_path / "a.png", axes="TYX").axes.sentence == "T=3 · Y×X segmented"


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
        open_stack(tmp_path / "a.tif", axes=axes)


def test_metadata_that_do_not_fit_their_array_are_refused(tmp_path):
    write_ome_zarr(tmp_path / "a.zarr", draw(2, 6, 5), axes="tzyx")
    with pytest.raises(
        ImageError, match=r"axes t, z, y, x, which do not fit its shape \(2, 6, 5\)"
    ):
        open_stack(tmp_path / "a.zarr")
    assert open_stack(tmp_path / "a.zarr", axes="ZYX").axes.sentence == "Z=2 · Y×X segmented"


@pytest.mark.parametrize("content", [b"", b"this is no picture"])
@pytest.mark.parametrize("name", ["a.tif", "a.tiff", "a.png", "a.jpeg"])
def test_a_broken_file_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError, match=rf"{re.escape(name)} cannot be read: ."):
        open_stack(tmp_path / name)


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
            open_stack(tmp_path / name)


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.zarr"])
def test_a_file_of_one_level_has_no_other(tmp_path, name):
    if name == "a.zarr":
        zarr.create_array(tmp_path / name, data=draw(6, 5))
    else:
        imageio.imwrite(tmp_path / name, draw(6, 5, dtype=np.uint8))
    assert open_stack(tmp_path / name, level=0).axes.sentence == "Y×X segmented"
    with pytest.raises(FileError, match="it has no level 1; expected 0, its only one"):
        open_stack(tmp_path / name, level=1)


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
    (tmp_path / "sent").write_bytes(pickle.dumps(open_stack(name)))
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
