"""OME-Zarr metadata: which array a level is, its axes, and the size of its pixels."""

import pytest

from napari_dynaseg.errors import FileError
from napari_dynaseg.image.ome_zarr import read_level

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
