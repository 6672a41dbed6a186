"""Pixels of one layer are found in another, however both are placed."""

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_dynaseg._napari.layers.transforms import Sampler, find_coordinates, find_placing

GRID = np.arange(12, dtype=np.int32).reshape(3, 4)
PLANE = (slice(None), slice(None))


def place(viewer, shape, other, **placing):
    labels = viewer.add_labels(np.zeros(shape, np.int32), **placing)
    image = viewer.add_image(other, scale=(1,) * other.ndim)
    return labels, image


def read(labels, image, dims, index=None, fixed=None):
    sampler = Sampler(image.data, find_placing(labels, image, dims), labels.data.shape)
    return sampler.read(index or PLANE, fixed)


def test_layers_that_lie_alike_share_their_pixels():
    viewer = ViewerModel()
    values, inside = read(*place(viewer, (3, 4), GRID), viewer.dims)
    np.testing.assert_array_equal(values, GRID)
    assert inside.all()


def test_a_shifted_layer_overlaps_in_part():
    viewer = ViewerModel()
    values, inside = read(*place(viewer, (2, 3), GRID, translate=(-1, 2)), viewer.dims)
    np.testing.assert_array_equal(inside, [[False] * 3, [True, True, False]])
    np.testing.assert_array_equal(values[inside], [2, 3])


def test_a_finer_layer_reads_each_entry_several_times():
    viewer = ViewerModel()
    values, inside = read(
        *place(viewer, (6, 8), GRID, scale=(0.5, 0.5), translate=(-0.25, -0.25)), viewer.dims
    )
    np.testing.assert_array_equal(values, GRID.repeat(2, axis=0).repeat(2, axis=1))
    assert inside.all()


def test_a_turned_layer_reads_along_its_own_axes():
    viewer = ViewerModel()
    turned = {"rotate": 90, "translate": (2, 0)}
    values, inside = read(*place(viewer, (4, 3), GRID, **turned), viewer.dims)
    assert inside.all()
    np.testing.assert_array_equal(values, np.rot90(GRID, -1))


def test_axes_that_the_labels_lack_lie_where_the_viewer_stands():
    viewer = ViewerModel()
    stack = np.stack([GRID, GRID + 100])
    labels, image = place(viewer, (3, 4), stack)
    viewer.dims.set_current_step(0, 1)
    values, _ = read(labels, image, viewer.dims)
    np.testing.assert_array_equal(values, GRID + 100)


def test_a_plane_of_a_stack_reads_its_own_plane_and_channel():
    viewer = ViewerModel()
    stack = np.stack([GRID, GRID + 100, GRID + 200])
    channels = np.stack([stack, stack + 1000], axis=1)  # (Z, C, Y, X)
    labels, image = place(viewer, (3, 1, 3, 4), channels)
    values, _ = read(labels, image, viewer.dims, (2, 0, *PLANE), {1: 1})
    np.testing.assert_array_equal(values, GRID + 1200)
    beside, inside = read(labels, image, viewer.dims, (7, 0, *PLANE), {1: 1})
    assert beside.shape == (3, 4)
    assert not inside.any()


def test_units_of_one_kind_are_converted():
    viewer = ViewerModel()
    labels = viewer.add_labels(np.zeros((3, 4), np.int32), scale=(500, 500), units=("nm", "nm"))
    image = viewer.add_image(GRID, scale=(0.5, 0.5), units=("um", "um"))
    values, inside = read(labels, image, viewer.dims)
    np.testing.assert_array_equal(values, GRID)
    assert inside.all()


def test_a_point_of_the_viewer_is_found_in_the_last_axes_of_a_layer():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((2, 3, 4)))
    labels = viewer.add_labels(np.zeros((3, 4), np.int32), translate=(1, 0))
    assert find_coordinates(labels, (9, 2, 3), viewer.dims) == pytest.approx([1, 3])
