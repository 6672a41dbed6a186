"""How layers are read: axes that are remembered, levels that fit, layers that agree."""

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel

from napari_dynaseg._napari.layers.reading import (
    explain_mismatch,
    find_level,
    list_level_shapes,
    read_layer_axes,
    remember_channel_axis,
    remember_level,
    show_plane,
)
from napari_dynaseg.errors import ImageError

STACK = np.zeros((5, 2, 6, 7), np.uint8)


@pytest.fixture
def viewer():
    """Give a viewer's model, without a window."""
    return ViewerModel()


def test_labels_of_the_layer_tell_the_axes(viewer):
    layer = viewer.add_image(STACK, axis_labels=("t", "c", "y", "x"))
    axes = read_layer_axes(layer, viewer.dims)
    assert axes.sentence == "T=5 · C=2 used as channels · Y×X segmented"


def test_without_labels_a_short_axis_is_taken_for_channels(viewer):
    axes = read_layer_axes(viewer.add_image(STACK), viewer.dims)
    assert axes.sentence == "axis 0=5 · axis 1=2 used as channels · Y×X segmented"


def test_the_channel_axis_chosen_is_remembered_whatever_the_layer_is_called(viewer):
    layer = viewer.add_image(STACK, axis_labels=("t", "c", "y", "x"))
    remember_channel_axis(layer, 0)
    layer.name = "another"
    assert read_layer_axes(layer, viewer.dims).channel == 0
    remember_channel_axis(layer, None)
    assert read_layer_axes(layer, viewer.dims).channel is None


def test_remembering_leaves_the_rest_of_the_metadata_alone(viewer):
    layer = viewer.add_image(STACK, metadata={"objective": "20x"})
    remember_channel_axis(layer, 0)
    remember_level(layer, 0)
    assert layer.metadata == {
        "objective": "20x",
        "dynaseg_channel_axis": 0,
        "dynaseg_level": 0,
    }


def test_the_choice_rests_while_its_axis_is_on_view(viewer):
    layer = viewer.add_image(STACK)
    remember_channel_axis(layer, 1)
    viewer.dims.order = (0, 2, 1, 3)
    assert read_layer_axes(layer, viewer.dims).channel is None
    viewer.dims.order = (0, 1, 2, 3)
    assert read_layer_axes(layer, viewer.dims).channel == 1


@pytest.mark.parametrize("junk", [7, -1, "c"])
def test_a_remembered_axis_that_does_not_exist_is_forgotten(viewer, junk):
    layer = viewer.add_image(STACK, metadata={"dynaseg_channel_axis": junk})
    assert read_layer_axes(layer, viewer.dims).channel == 1


def test_the_colours_of_rgb_stay_the_channels(viewer):
    layer = viewer.add_image(np.zeros((2, 5, 6, 3), np.uint8), rgb=True)
    remember_channel_axis(layer, 0)
    axes = read_layer_axes(layer, viewer.dims)
    assert axes.sentence == "axis 0=2 · RGB used as channels · Y×X segmented"


def test_a_view_in_3d_is_refused():
    viewer = ViewerModel(ndisplay=3)
    layer = viewer.add_image(np.zeros((3, 4, 5)))
    with pytest.raises(ImageError, match="view is in 3D; switch it to 2D"):
        read_layer_axes(layer, viewer.dims)


def test_a_view_along_an_axis_the_layer_lacks_is_refused(viewer):
    viewer.add_image(np.zeros((3, 4, 5)))
    flat = viewer.add_image(np.zeros((4, 5)), name="flat")
    viewer.dims.order = (1, 0, 2)
    with pytest.raises(ImageError, match="an axis that 'flat' does not have"):
        read_layer_axes(flat, viewer.dims)


@pytest.mark.parametrize("plane", [(2, 1), (1, 2), (0, 2), (1, 0)])
def test_the_view_turns_to_any_pair_of_axes(viewer, plane):
    viewer.add_image(np.zeros((2, 3, 4, 5)))
    layer = viewer.add_image(np.zeros((3, 4, 5)))
    show_plane(layer, viewer.dims, plane)
    assert viewer.dims.displayed == (plane[0] + 1, plane[1] + 1)
    assert set(read_layer_axes(layer, viewer.dims).plane) == set(plane)


# -- levels -----------------------------------------------------------------------------------


def add_pyramid(viewer, *sides, planes=3):
    levels = [da.zeros((planes, side, side), np.uint8, chunks=(1, 512, 512)) for side in sides]
    return viewer.add_image(
        levels, multiscale=True, contrast_limits=(0, 1), axis_labels=("z", "y", "x")
    )


@pytest.mark.parametrize(
    ("sides", "level"),
    [((4096, 2048, 512), 1), ((2049, 1024), 1), ((64, 32), 0), ((9000, 3000), 1)],
)
def test_the_finest_level_that_fits_the_time_is_chosen(viewer, sides, level):
    layer = add_pyramid(viewer, *sides)
    assert find_level(layer, (1, 2)) == level
    assert read_layer_axes(layer, viewer.dims).plane_shape == (sides[level],) * 2


def test_another_view_may_fit_at_another_level(viewer):
    layer = add_pyramid(viewer, 4096, 1024)
    assert find_level(layer, (0, 2)) == 0


def test_the_level_chosen_is_remembered_unless_the_layer_lacks_it(viewer):
    layer = add_pyramid(viewer, 64, 32, 16)
    remember_level(layer, 2)
    assert find_level(layer, (1, 2)) == 2
    remember_level(layer, 3)
    assert find_level(layer, (1, 2)) == 0


def test_a_stack_that_is_short_at_a_coarse_level_is_not_taken_for_channels(viewer):
    levels = [np.zeros((size, size, size), np.uint8) for size in (16, 8, 4)]
    layer = viewer.add_image(levels, multiscale=True, contrast_limits=(0, 1))
    remember_level(layer, 2)
    assert read_layer_axes(layer, viewer.dims).sentence == "axis 0=4 · Y×X segmented"


def test_levels_are_told_by_the_rows_and_columns_of_their_planes(viewer):
    layer = add_pyramid(viewer, 64, 32)
    assert list_level_shapes(layer, (0, 2)) == [(3, 64), (3, 32)]
    assert list_level_shapes(viewer.add_image(np.zeros((4, 5))), (0, 1)) == [(4, 5)]


# -- several layers as channels ---------------------------------------------------------------


def explain(viewer, other, layer=None, **options):
    layer = (
        viewer.add_image(np.zeros((9, 4, 5)), name="nuclei", **options) if layer is None else layer
    )
    return explain_mismatch(
        layer, (layer, other), read_layer_axes(layer, viewer.dims, (layer, other))
    )


def test_layers_that_agree_may_be_channels_of_one_image(viewer):
    facts = {"scale": (2, 1, 1), "units": ("um",) * 3, "axis_labels": ("z", "y", "x")}
    other = viewer.add_image(np.ones((9, 4, 5), np.uint16), **facts)
    assert explain(viewer, other, **facts) == ""


def test_a_short_axis_without_a_name_is_no_channel_where_layers_are(viewer):
    one, other = viewer.add_image(np.zeros((3, 4, 5))), viewer.add_image(np.zeros((3, 4, 5)))
    axes = read_layer_axes(one, viewer.dims, (one, other))
    assert axes.sentence == "axis 0=3 · Y×X segmented"
    assert explain_mismatch(one, (one, other), axes) == ""


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        ({"scale": (2, 1, 0.5)}, "scale 2, 1, 0.5 against 1, 1, 1"),
        ({"translate": (0, 0, 3)}, "translation 0, 0, 3 against 0, 0, 0"),
        ({"rotate": np.diag([1, -1, -1])}, "another rotation"),
        ({"shear": [0, 0, 0.5]}, "shear 0, 0, 0.5 against 0, 0, 0"),
        ({"affine": np.diag([1, 2, 2, 1])}, "another affine transform"),
        ({"units": ("um",) * 3}, "units micrometer, micrometer, micrometer against pixel"),
        ({"axis_labels": ("z", "y", "x")}, "axis labels z, y, x against -3, -2, -1"),
    ],
)
def test_layers_that_lie_elsewhere_are_told_apart(viewer, options, difference):
    other = viewer.add_image(np.zeros((9, 4, 5)), name="membrane", **options)
    sentence = explain(viewer, other)
    assert sentence.startswith("'membrane' and 'nuclei' cannot be channels of one image: ")
    assert difference in sentence


def test_layers_of_different_shapes_are_told_apart(viewer):
    other = viewer.add_image(np.zeros((9, 4, 6)), name="membrane")
    assert "shape 9×4×6 against 9×4×5" in explain(viewer, other)


def test_pyramids_of_different_levels_are_told_apart(viewer):
    one, other = add_pyramid(viewer, 64, 32), add_pyramid(viewer, 64, 16)
    assert "shape 3×64×64, 3×16×16 against 3×64×64, 3×32×32" in explain(viewer, other, one)


def test_a_colour_image_is_no_channel(viewer):
    other = viewer.add_image(np.zeros((4, 5, 3), np.uint8), rgb=True, name="photo")
    assert explain(viewer, other) == "'photo' is a colour image; expected one channel a layer"


def test_a_layer_with_channels_of_its_own_takes_no_others(viewer):
    one = viewer.add_image(np.zeros((2, 4, 5)), axis_labels=("c", "y", "x"), name="both")
    other = viewer.add_image(np.zeros((2, 4, 5)), axis_labels=("c", "y", "x"))
    assert "'both' has channels of its own: step through axis C" in explain(viewer, other, one)
    remember_channel_axis(one, None)
    assert explain(viewer, other, one) == ""
