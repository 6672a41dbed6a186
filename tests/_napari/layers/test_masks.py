"""What a layer covers of another is what is seen over it."""

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_dynaseg._napari.layers.masks import freeze_cover
from napari_dynaseg.errors import EditError

PLANE = (slice(None), slice(None))
BOX = np.array([[0.6, 0.6], [0.6, 2.4], [3.4, 2.4], [3.4, 0.6]])


@pytest.fixture
def viewer():
    return ViewerModel()


def add_labels(viewer, *shape, **placing):
    return viewer.add_labels(np.ones(shape, np.int32), **placing)


def expect_box(mask):
    expected = np.zeros(mask.shape, bool)
    expected[1:4, 1:3] = True
    np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize("kind", ["rectangle", "polygon"])
def test_a_shape_covers_the_pixels_whose_middles_it_holds(viewer, kind):
    labels = add_labels(viewer, 5, 4)
    shapes = viewer.add_shapes([BOX], shape_type=kind)
    expect_box(freeze_cover(shapes, labels, viewer.dims)(PLANE))


def test_several_shapes_add_up_and_lines_do_not_count(viewer):
    labels = add_labels(viewer, 5, 9)
    shapes = viewer.add_shapes([BOX], shape_type="rectangle")
    shapes.add_rectangles([BOX + np.array([0, 5])])
    shapes.add_lines([[[0, 0], [4, 4]]])
    covered = freeze_cover(shapes, labels, viewer.dims)(PLANE)
    expect_box(covered[:, :4])
    expect_box(covered[:, 5:])


def test_an_ellipse_is_round(viewer):
    labels = add_labels(viewer, 9, 9)
    box = np.array([[0, 0], [0, 8], [8, 8], [8, 0]])
    shapes = viewer.add_shapes([box], shape_type="ellipse")
    covered = freeze_cover(shapes, labels, viewer.dims)(PLANE)
    rows, columns = np.indices((9, 9)) - 4
    inside = np.hypot(rows, columns)
    assert covered[inside < 3.9].all()
    assert not covered[inside > 4.1].any()


def test_shapes_count_where_they_lie_in_the_world(viewer):
    labels = add_labels(viewer, 5, 4, scale=(0.5, 0.5), translate=(10, 20))
    shapes = viewer.add_shapes([BOX * 0.5 + (10, 20)], shape_type="rectangle")
    expect_box(freeze_cover(shapes, labels, viewer.dims)(PLANE))


def test_a_shape_in_a_stack_covers_its_own_plane_alone(viewer):
    labels = add_labels(viewer, 3, 5, 4)
    corners = np.insert(BOX, 0, 1, axis=1)
    cover = freeze_cover(viewer.add_shapes([corners], shape_type="polygon"), labels, viewer.dims)
    expect_box(cover((1, *PLANE)))
    assert not cover((0, *PLANE)).any()
    whole = cover((slice(None), *PLANE))
    expect_box(whole[1])
    assert not whole[[0, 2]].any()


def test_a_flat_shapes_layer_covers_every_plane(viewer):
    labels = add_labels(viewer, 3, 5, 4)
    cover = freeze_cover(viewer.add_shapes([BOX], shape_type="polygon"), labels, viewer.dims)
    expect_box(cover((2, *PLANE)))
    for plane in cover((slice(None), *PLANE)):
        expect_box(plane)


def test_a_shape_across_the_planes_covers_them_along_it(viewer):
    labels = add_labels(viewer, 5, 3, 4)
    corners = np.insert(BOX, 1, 2, axis=1)  # rows of the box along Z
    cover = freeze_cover(viewer.add_shapes([corners], shape_type="polygon"), labels, viewer.dims)
    expect_box(cover((slice(None),) * 3)[:, 2])
    assert not cover((2, *PLANE)).any()


def test_a_labels_layer_covers_where_it_is_not_0(viewer):
    labels = add_labels(viewer, 5, 4)
    mask = np.zeros((5, 4), np.int32)
    mask[1:4, 1:3] = 7
    expect_box(freeze_cover(viewer.add_labels(mask), labels, viewer.dims)(PLANE))


def test_a_coarser_mask_covers_a_stack_where_it_lies(viewer):
    labels = add_labels(viewer, 2, 4, 4)
    mask = viewer.add_labels(np.array([[1, 0], [0, 0]]), scale=(2, 2), translate=(0.5, 0.5))
    whole = freeze_cover(mask, labels, viewer.dims)((slice(None),) * 3)
    assert whole.shape == (2, 4, 4)
    assert whole[:, :2, :2].all()
    assert whole.sum() == 8


def test_a_mask_of_a_stack_in_four_dimensions_is_read_plane_by_plane(viewer):
    labels = add_labels(viewer, 2, 2, 3, 3)
    mask = viewer.add_labels(np.arange(36).reshape(2, 2, 3, 3) % 2)
    whole = freeze_cover(mask, labels, viewer.dims)((slice(None),) * 4)
    np.testing.assert_array_equal(whole, mask.data != 0)


@pytest.mark.parametrize("shapes", [[], [np.array([[0, 0], [4, 4]])]])
def test_shapes_without_an_area_are_refused(viewer, shapes):
    labels = add_labels(viewer, 5, 4)
    layer = viewer.add_shapes(shapes, shape_type="line" if shapes else "rectangle", name="mine")
    with pytest.raises(EditError, match="'mine' has no area"):
        freeze_cover(layer, labels, viewer.dims)
