"""Viewer to file to viewer: a label layer comes back as it was."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import zarr
from napari.utils.colormaps import DirectLabelColormap
from npe2 import PluginManifest

from napari_dynaseg import Recipe, cut_labels, replay
from napari_dynaseg._napari.layers.label_files import complete_path, get_reader, write_tiff
from napari_dynaseg._napari.panel.parts.open_button import OpenButton
from napari_dynaseg.image.pixels import to_plane
from napari_dynaseg.recipes.kept_tree import read_tree

PLUGIN = "napari-dynaseg"
ENDINGS = (".dynaseg.ome.tif", ".dynaseg.ome.zarr")
PLACING = ("scale", "translate", "rotate", "shear", "units", "axis_labels", "opacity", "blending")


@pytest.fixture
def viewer(npe2pm, viewer):
    """Give a viewer that knows the plugin."""
    npe2pm.register(PluginManifest.from_distribution(PLUGIN))
    return viewer


@pytest.fixture
def layer(viewer):
    """Give a layer of which everything is set."""
    affine = np.eye(5)
    affine[2:4, 2:4] += 0.1
    return viewer.add_labels(
        np.random.default_rng(0).integers(0, 4, (3, 1, 12, 10)).astype(np.int32),
        name="cells µ",
        scale=(2, 1, 0.5, 0.25),
        translate=(1, 0, 3, 4),
        rotate=20,
        shear=[0, 0, 0, 0, 0, 0.2],
        affine=affine,
        units=("second", "pixel", "micrometer", "micrometer"),
        axis_labels=("t", "c", "y", "x"),
        opacity=0.31,
        blending="additive",
        visible=False,
        features={"index": [1, 2], "class": ["nucleus", "membrane"], "area": [0.1, np.nan]},
        colormap=DirectLabelColormap(color_dict={1: "red", 2: "#12345678", None: "blue"}),
        metadata={"dynaseg_note": {"a": [1, None]}, "mine": 2},
    )


def open_again(viewer, path):
    """Open a file as napari does, and a folder as our button does."""
    if path.is_dir():
        return OpenButton(viewer).open(path)
    (back,) = viewer.open(path, plugin=PLUGIN)
    return back


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.int64])
def test_a_layer_comes_back_as_it_was(viewer, layer, tmp_path, ending, dtype):
    layer.data = layer.data.astype(dtype)
    path = tmp_path / f"cells{ending}"
    assert viewer.layers.save(path, plugin=PLUGIN) == [str(path)]
    viewer.layers.clear()
    back = open_again(viewer, path)
    np.testing.assert_array_equal(np.asarray(back.data), layer.data, strict=True)
    for name in PLACING:
        np.testing.assert_array_equal(getattr(back, name), getattr(layer, name), err_msg=name)
    np.testing.assert_array_equal(back.affine.affine_matrix, layer.affine.affine_matrix)
    np.testing.assert_array_equal(back.extent.world, layer.extent.world)
    assert (back.name, back.visible, back.metadata) == (layer.name, False, layer.metadata)
    pd.testing.assert_frame_equal(back.features, layer.features)
    for label in range(4):
        np.testing.assert_array_equal(back.get_color(label), layer.get_color(label))


def test_a_layer_that_came_from_a_zarr_is_painted_on_the_disk(viewer, layer, tmp_path):
    path = tmp_path / "cells.dynaseg.ome.zarr"
    layer.visible = True
    layer.save(path, plugin=PLUGIN)
    back = open_again(viewer, path)
    back.data_setitem(tuple(np.array([at]) for at in (1, 0, 2, 3)), 9)
    assert zarr.open_array(path / "0", mode="r")[1, 0, 2, 3] == 9
    assert layer.data[1, 0, 2, 3] != 9
    back.undo()
    np.testing.assert_array_equal(back.data[:], layer.data)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_labels_of_a_run_replay_from_their_file(
    viewer, panel, finish, halves, tmp_path, ending
):
    labels = finish(panel)
    made = labels.data.copy()
    with labels.block_history():
        labels.data_setitem((np.array([2, 2]), np.array([3, 4])), 77)
    assert (made != 77).all()
    path = tmp_path / f"cells{ending}"
    labels.save(path, plugin=PLUGIN)
    back = open_again(viewer, path)
    again = replay(to_plane(halves), Recipe.from_metadata(back.metadata))
    np.testing.assert_array_equal(again, labels.data)
    assert (again == 77).sum() == 2


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_labels_of_a_run_are_cut_anew_from_their_file(viewer, panel, finish, tmp_path, ending):
    labels = finish(panel)
    path, goal = tmp_path / f"cells{ending}", tmp_path / f"finer{ending}"
    with labels.block_history():
        labels.data_setitem((np.array([2, 2]), np.array([3, 4])), 77)
    labels.save(path, plugin=PLUGIN)
    recipe = Recipe.from_metadata(labels.metadata)
    expected = read_tree(labels.metadata).cut(90)
    expected[2, 3:5] = 77
    np.testing.assert_array_equal(cut_labels(path, 90, output=goal), expected)
    back = open_again(viewer, goal)
    np.testing.assert_array_equal(np.asarray(back.data), expected)
    assert Recipe.from_metadata(back.metadata).numbering == recipe.numbering == "live"
    assert back.name.startswith(labels.name)


def test_only_the_finest_level_of_a_pyramid_is_kept(viewer, tmp_path):
    pyramid = [np.ones((8, 8), np.int32), np.ones((4, 4), np.int32)]
    path = tmp_path / "cells.dynaseg.ome.tif"
    viewer.add_labels(pyramid, multiscale=True).save(path, plugin=PLUGIN)
    assert viewer.open(path, plugin=PLUGIN)[0].data.shape == (8, 8)


def test_napari_takes_our_writer_for_our_ending_by_itself(viewer, layer, tmp_path):
    layer.save(tmp_path / "cells.dynaseg.ome.tif")
    assert viewer.open(tmp_path / "cells.dynaseg.ome.tif", plugin=PLUGIN)[0].name[:7] == "cells µ"


def test_why_a_layer_cannot_be_saved_reaches_the_user(viewer, tmp_path):
    layer = viewer.add_labels(np.array([[0, 2**40]]))
    with pytest.raises(OSError, match="do not fit an OME-TIFF"):
        layer.save(tmp_path / "cells.dynaseg.ome.tif", plugin=PLUGIN)


@pytest.mark.parametrize(
    ("typed", "ending", "written"),
    [
        ("cells", ".dynaseg.ome.tif", "cells.dynaseg.ome.tif"),
        ("cells.tif", ".dynaseg.ome.tif", "cells.dynaseg.ome.tif"),
        ("cells.OME.TIFF", ".dynaseg.ome.tif", "cells.dynaseg.ome.tif"),
        ("cells.dynaseg.ome.tif", ".dynaseg.ome.tif", "cells.dynaseg.ome.tif"),
        ("cells.v2", ".dynaseg.ome.zarr", "cells.v2.dynaseg.ome.zarr"),
        ("cells.ome.zarr", ".dynaseg.ome.zarr", "cells.dynaseg.ome.zarr"),
    ],
)
def test_an_ending_that_was_typed_in_part_is_completed(typed, ending, written):
    assert complete_path(Path("folder", typed), ending) == Path("folder", written)


def test_a_writer_says_where_it_wrote(tmp_path, layer):
    pixels, attributes, _ = layer.as_layer_data_tuple()
    written = write_tiff(str(tmp_path / "cells"), pixels, attributes)
    assert written == [str(tmp_path / "cells.dynaseg.ome.tif")]
    assert Path(written[0]).exists()


@pytest.mark.parametrize("path", ["cells.ome.tif", "cells.tif", "cells.ome.zarr", "folder"])
def test_files_and_folders_of_others_are_left_to_others(path):
    assert get_reader(path) is None
    assert get_reader([f"{path}.dynaseg.ome.tif"] * 2) is None


@pytest.mark.parametrize("name", ["cells.ome.tif", "cells.tif"])
def test_napari_does_not_offer_our_reader_for_files_of_others(npe2pm, viewer, name):
    assert [reader.plugin_name for reader in npe2pm.iter_compatible_readers([name])] == []
    ours = list(
        npe2pm.iter_compatible_readers([name.replace(".ome", "").replace(".tif", ENDINGS[0])])
    )
    assert [reader.plugin_name for reader in ours] == [PLUGIN]


def test_saving_and_opening_warn_of_nothing(viewer, layer, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer.save(tmp_path / "cells.dynaseg.ome.zarr", plugin=PLUGIN)
        open_again(viewer, tmp_path / "cells.dynaseg.ome.zarr")
