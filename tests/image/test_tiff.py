"""TIFF files are read as they say, plane by plane."""

import tracemalloc

import numpy as np
import pytest
import tifffile
from tests.stacks_drawn import draw, read_all

from napari_dynaseg.errors import FileError
from napari_dynaseg.image.reader import open_image


def test_an_ome_tiff_is_read_as_it_says(tmp_path):
    pixels = draw(2, 3, 4, 6, 5)
    sizes = {"PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 500.0}
    sizes |= {"PhysicalSizeYUnit": "nm", "PhysicalSizeZ": 2, "TimeIncrement": 3}
    path = tmp_path / "cells.ome.tif"
    tifffile.imwrite(path, pixels, metadata={"axes": "TCZYX", **sizes})
    image = open_image(path)
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
    image = open_image(tmp_path / "a.tif")
    assert image.axes.sentence == "T=2 · Z=3 · C=2 used as channels · Y×X segmented"
    assert image.scale == (3, 2, 1, 0.5, 0.25)
    assert image.units == ("second", "micrometer", "pixel", "micrometer", "micrometer")
    np.testing.assert_array_equal(read_all(image), pixels.reshape(6, 2, 6, 5))


def test_an_imagej_stack_in_one_run_of_bytes_is_read_too(tmp_path):
    pixels = draw(4, 6, 5)
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, imagej=True, truncate=True, metadata={"axes": "ZYX"}
    )
    np.testing.assert_array_equal(read_all(open_image(tmp_path / "a.tif"))[:, 0], pixels)


@pytest.mark.parametrize(
    ("written", "unit"),
    [("um", "micrometer"), ("cm", "centimeter"), ("m", "meter"), ("Å", "angstrom")],
)
def test_a_length_is_read_in_every_unit_that_we_write(tmp_path, written, unit):
    options = {"imagej": True, "resolution": (4, 2), "metadata": {"unit": written}}
    if written == "Å":  # no ASCII, which is all that ImageJ takes
        sizes = {"PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "Å"}
        sizes |= {"PhysicalSizeY": 0.5, "PhysicalSizeYUnit": "Å"}
        options = {"metadata": sizes, "ome": True}
    tifffile.imwrite(tmp_path / "a.tif", draw(6, 5), **options)
    image = open_image(tmp_path / "a.tif")
    assert (image.scale, image.units) == ((0.5, 0.25), (unit, unit))


@pytest.mark.parametrize("unit", ["", "pixel", "furlong"])
def test_a_scale_in_no_known_unit_is_left_out(tmp_path, unit):
    tifffile.imwrite(
        tmp_path / "a.tif", draw(6, 5), imagej=True, resolution=(4, 2), metadata={"unit": unit}
    )
    image = open_image(tmp_path / "a.tif")
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
    image = open_image(tmp_path / "a.tif")
    assert image.axes.sentence == sentence
    assert read_all(image).size == np.prod(shape)


def test_pages_without_a_name_are_a_stack(tmp_path):
    pixels = draw(3, 6, 5)
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for page in pixels:
            tiff.write(page, metadata=None)
    image = open_image(tmp_path / "a.tif")
    assert image.axes.sentence == "I=3 · Y×X segmented"
    np.testing.assert_array_equal(read_all(image)[:, 0], pixels)


@pytest.mark.parametrize(("samples", "told"), [(3, ""), (4, ", alpha left out")])
def test_a_colour_tiff_gives_its_colours(tmp_path, samples, told):
    pixels = draw(2, 6, 5, samples, dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", metadata={"axes": "ZYXS"})
    image = open_image(tmp_path / "a.tif")
    assert image.axes.sentence == f"Z=2 · RGB used as channels{told} · Y×X segmented"
    np.testing.assert_array_equal(read_all(image), np.moveaxis(pixels[..., :3], -1, 1))


def test_colours_in_planes_of_their_own_are_channels(tmp_path):
    pixels = draw(3, 6, 5, dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", planarconfig="separate")
    for axes in (None, "syx"):
        image = open_image(tmp_path / "a.tif", axes)
        assert image.axes.sentence == "C=3 used as channels · Y×X segmented"
        np.testing.assert_array_equal(read_all(image)[0], pixels)


def test_a_level_of_a_tiff_s_pyramid_has_its_own_scale(tmp_path):
    pixels = draw(2, 32, 32)
    sizes = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5, "PhysicalSizeZ": 2}
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as tiff:
        tiff.write(pixels, subifds=1, tile=(16, 16), metadata={"axes": "ZYX", **sizes})
        tiff.write(pixels[:, ::2, ::2], subfiletype=1, tile=(16, 16))
    assert open_image(tmp_path / "a.ome.tif").scale == (2, 0.5, 0.5)
    coarse = open_image(tmp_path / "a.ome.tif", level=1)
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
        image = open_image(tmp_path / "a.tif")
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
    image = open_image(path)
    np.testing.assert_array_equal(image.read_channels((2, None, None))[0], pixels[2])
    with pytest.raises(FileError, match=r"a\.tif: T=1 cannot be read: ."):
        image.read_channels((1, None, None))
