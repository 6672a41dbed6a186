"""The table has what literal layers have, in the units of the layer."""

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel

from napari_dynaseg._napari.layers.classes import add_rows, read_classes, read_table
from napari_dynaseg._napari.layers.measuring import freeze_input, measure, write_measurements
from napari_dynaseg.errors import EditError

MICRONS = {"scale": (0.5, 0.5), "units": ("um", "um"), "axis_labels": ("y", "x")}


@pytest.fixture
def viewer():
    return ViewerModel()


def add_square(viewer, **placing):
    labels = np.zeros((5, 6), np.int32)
    labels[1:4, 2:5], labels[4, 0] = 7, 3
    return viewer.add_labels(labels, **placing)


def run(viewer, layer, planes="This plane", images=()):
    return measure(freeze_input(layer, viewer.dims, planes, images))


def test_without_units_pixels_are_counted(viewer):
    table = run(viewer, add_square(viewer))
    assert table.loc[7].to_dict() == {
        "area [px]": 9,
        "centroid Y [px]": 2,
        "centroid X [px]": 3,
        "perimeter [px]": 8,
    }
    assert table.index.tolist() == [3, 7]


def test_with_units_all_is_physical_and_centroids_are_in_the_world(viewer):
    table = run(viewer, add_square(viewer, **MICRONS, translate=(10, 20)))
    assert table.loc[7].to_dict() == pytest.approx(
        {
            "area [µm²]": 9 / 4,
            "centroid Y [µm]": 11,
            "centroid X [µm]": 21.5,
            "perimeter [µm]": 4,
        }
    )


def test_of_pixels_that_are_no_squares_no_perimeter_is_told(viewer):
    table = run(viewer, add_square(viewer, scale=(2, 1), units=("um", "um")))
    assert not [name for name in table if "perimeter" in name]
    assert table.loc[7, "area [µm²]"] == 18


def test_a_turned_layer_has_the_same_area_and_perimeter(viewer):
    table = run(viewer, add_square(viewer, **MICRONS, rotate=30))
    assert table.loc[7, "area [µm²]"] == pytest.approx(9 / 4)
    assert table.loc[7, "perimeter [µm]"] == pytest.approx(4)


def test_mixed_units_are_named_one_by_one(viewer):
    layer = viewer.add_labels(
        np.ones((2, 3, 4), np.int32), units=("s", "um", "um"), scale=(10, 2, 3)
    )
    table = run(viewer, layer, "All planes")
    assert table.loc[1, "volume [s·µm²]"] == pytest.approx(24 * 60)


def test_each_channel_of_the_image_is_averaged(viewer):
    layer = add_square(viewer)
    one = viewer.add_image(np.arange(30.0).reshape(5, 6), name="one")
    two = viewer.add_image(np.stack([np.full((5, 6), 4), np.full((5, 6), 6)]), name="two")
    two.axis_labels = ("c", "y", "x")
    colour = np.zeros((5, 6, 3), np.uint8)
    colour[..., 1] = 9
    rgb = viewer.add_image(colour, name="rgb", rgb=True)
    table = run(viewer, layer, images=[one, two, rgb])
    means = {name: value for name, value in table.loc[7].items() if name.startswith("mean")}
    assert means == {
        "mean one": 15,
        "mean two C=0": 4,
        "mean two C=1": 6,
        "mean rgb red": 0,
        "mean rgb green": 9,
        "mean rgb blue": 0,
    }


def test_where_the_image_is_not_the_mean_is_missing(viewer):
    layer = add_square(viewer)
    image = viewer.add_image(np.ones((3, 6)), name="part")
    table = run(viewer, layer, images=[image])
    assert table["mean part"].isna().tolist() == [True, True]


def test_a_stack_is_measured_plane_by_plane_or_one_plane_alone(viewer):
    stack = np.zeros((3, 4, 4), np.int32)
    stack[0, :2, :2], stack[2, :2, :2], stack[1, 3, 3] = 5, 5, 8
    layer = viewer.add_labels(stack, scale=(2, 1, 1), units=("um",) * 3)
    image = viewer.add_image(np.arange(3)[:, None, None] * np.ones((3, 4, 4)), name="z")
    image.scale, image.units = (2, 1, 1), ("um",) * 3
    whole = run(viewer, layer, "All planes", [image])
    assert whole.loc[5, "volume [µm³]"] == 16
    assert whole.loc[5, "centroid axis 0 [µm]"] == 2
    assert whole.loc[5, "mean z"] == 1
    viewer.dims.set_current_step(0, 1)
    plane = run(viewer, layer, "This plane", [image])
    assert plane.index.tolist() == [8]
    assert plane.loc[8, "area [µm²]"] == 1
    assert plane.loc[8, "centroid axis 0 [µm]"] == 2


def test_classes_notes_and_their_rows_stay_and_earlier_measurements_go(viewer):
    layer = add_square(viewer)
    layer.features = pd.DataFrame({"index": [7, 40, 50], "note": ["mine", None, None]})
    add_rows(layer, {40: "cell"})
    write_measurements(layer, run(viewer, layer))
    layer.data_setitem((np.array([4]), np.array([0])), 0)
    layer.scale, layer.units = (0.5, 0.5), ("um", "um")
    write_measurements(layer, run(viewer, layer))
    table = read_table(layer)
    assert table.index.tolist() == [7, 40]
    assert table.loc[7, "note"] == "mine"
    assert read_classes(layer) == {40: "cell"}
    assert table.loc[7, "area [µm²]"] == 9 / 4
    assert np.isnan(table.loc[40, "area [µm²]"])
    assert "area [px]" not in table


def test_every_measured_label_has_a_row_and_no_other(viewer):
    layer = add_square(viewer)
    write_measurements(layer, run(viewer, layer))
    assert layer.features["index"].tolist() == [3, 7]


def test_a_layer_of_several_resolutions_is_refused(viewer):
    levels = [np.ones((8, 8), np.int32), np.ones((4, 4), np.int32)]
    layer = viewer.add_labels(levels, multiscale=True)
    with pytest.raises(EditError, match="resolutions"):
        run(viewer, layer)
