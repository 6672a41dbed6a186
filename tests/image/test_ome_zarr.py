"""OME-Zarr metadata: which array a level is, its axes, and the size of its pixels."""

import numpy as np
import pytest
import zarr
from tests.stacks_drawn import draw, read_all, write_ome_zarr

from napari_dynaseg.errors import FileError
from napari_dynaseg.image.ome_zarr import read_level
from napari_dynaseg.image.reader import open_image

ZYX = [
    {"name": "z", "type": "space", "unit": "micrometer"},
    {"name": "y", "type": "space", "unit": "micrometer"},
    {"name": "x", "type": "space"},
]


def describe(axes=ZYX, scales=((2, 0.5, 0.5), (2, 1, 1)), **image):
    datasets = [
        {"path": f"s{level}", "coordinateTransformations": [{"type": "scale", "scale": scale}]}
        for level, scale in enumerate(scales)
    ]
    return {"multiscales": [{"axes": axes, "datasets": datasets, **image}]}


def wrap(attributes):
    return {"ome": {"version": "0.5", **attributes}}


@pytest.mark.parametrize("version", [dict, wrap])
def test_a_level_has_its_path_its_axes_and_its_scale(version):
    finest, coarser = (read_level(version(describe()), level) for level in (None, 1))
    assert (finest.path, coarser.path) == ("s0", "s1")
    assert finest.labels == coarser.labels == ("z", "y", "x")
    assert (finest.scale, coarser.scale) == ((2, 0.5, 0.5), (2, 1, 1))
    assert finest.units == ("micrometer", "micrometer", "pixel")


def test_the_scale_of_the_image_multiplies_that_of_its_level():
    both = describe(coordinateTransformations=[{"type": "scale", "scale": [3, 1, 2]}])
    assert read_level(both).scale == (6, 0.5, 1)


def test_a_translation_is_no_scale():
    moved = describe()
    moved["multiscales"][0]["datasets"][0]["coordinateTransformations"] = [
        {"type": "translation", "translation": [1, 1, 1]}
    ]
    assert read_level(moved).scale == ()


def test_units_that_no_axis_has_are_empty():
    assert read_level(describe([{"name": "z"}, {"name": "y"}, {"name": "x"}])).units == ()


def test_an_axis_of_channels_may_have_any_name():
    axes = [{"name": "stain", "type": "channel"}, *ZYX[1:]]
    assert read_level(describe(axes)).labels == ("c", "y", "x")


def test_older_versions_are_read_too():
    assert read_level(describe(["z", "y", "x"])).labels == ("z", "y", "x")
    unnamed = describe()
    del unnamed["multiscales"][0]["axes"]
    assert read_level(unnamed).labels == ("t", "c", "z", "y", "x")


@pytest.mark.parametrize("level", [-1, 2])
def test_a_level_that_is_not_there_is_refused(level):
    with pytest.raises(FileError, match=rf"no level {level}; expected 0 to 1"):
        read_level(describe(), level)
    with pytest.raises(FileError, match=rf"no level {level}; expected 0, its only one"):
        read_level(describe(scales=((1, 1, 1),)), level)


@pytest.mark.parametrize("attributes", [{}, {"plate": {}}, {"ome": {"series": ["0"]}}])
def test_what_is_no_image_is_refused(attributes):
    with pytest.raises(FileError, match="without the metadata of an OME-Zarr image; expected"):
        read_level(attributes)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_an_ome_zarr_is_read_as_it_says(tmp_path, zarr_format):
    pixels = draw(2, 3, 4, 6, 5)
    write_ome_zarr(tmp_path / "cells.zarr", pixels, zarr_format)
    image = open_image(tmp_path / "cells.zarr")
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
    coarse = open_image(tmp_path / "a.zarr", level=2)
    assert coarse.scale == (1, 2, 2)
    np.testing.assert_array_equal(read_all(coarse)[:, 0], pixels[:, ::4, ::4])
    with pytest.raises(FileError, match=r"a\.zarr: it has no level 3; expected 0 to 2"):
        open_image(tmp_path / "a.zarr", level=3)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_folder_of_ome_zarr_images_stands_for_its_first(tmp_path, zarr_format):
    root = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=zarr_format)
    layout = {"bioformats2raw.layout": 3}
    root.attrs.update(layout if zarr_format == 2 else {"ome": layout})
    write_ome_zarr(tmp_path / "a.zarr" / "0", draw(2, 6, 5), zarr_format, axes="zyx")
    assert open_image(tmp_path / "a.zarr").axes.sentence == "Z=2 · Y×X segmented"


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
    assert open_image(tmp_path / "a.zarr").axes.sentence.lower() == sentence.lower()
