"""Compiled passes over small literal arrays."""

import numpy as np
import pytest

from napari_dynaseg.engine import passes

# Five pixels of two channels.
VALUES = np.array([[1, -2], [3, 4], [-5, 6], [7, 0], [0.5, 1]], np.float32)


@pytest.fixture
def sums():
    return np.zeros(2)


def test_a_rectangle_is_cut_out_scaled_and_with_zeros_beyond_the_plane():
    array = np.arange(12, dtype=np.float32).reshape(3, 4, 1)  # a plane of 3×3, padded
    goal = np.full((3, 3, 1), np.nan, np.float32)
    passes.cut_out(array, -1, 1, 3, 3, np.float32([2]), np.float32([1]), goal, False)
    assert goal[..., 0].tolist() == [[0, 0, 0], [3, 5, 0], [11, 13, 0]]


def test_a_rectangle_of_a_plane_that_goes_on_has_the_edge_beyond_it_scaled_too():
    array = np.arange(12, dtype=np.float32).reshape(3, 4, 1)  # a plane of 3×3, padded
    goal = np.full((3, 3, 1), np.nan, np.float32)
    passes.cut_out(array, -1, 1, 3, 3, np.float32([2]), np.float32([1]), goal, True)
    assert goal[..., 0].tolist() == [[3, 5, 5], [3, 5, 5], [11, 13, 13]]


def test_a_rectangle_is_finished_and_cleared_beyond_the_plane(sums):
    picture = np.array([[[1, -2], [3, -4]], [[5, 6], [7, 8]]], np.float32)
    goal = np.full((3, 3, 2), 9, np.float32)
    passes.finish_rectangle(picture, np.float32([1, 3]), goal, 1, 1, 2, 3, sums)
    assert goal[1].tolist() == [[9, 9], [2, 1], [4, 0]]
    assert goal[2].tolist() == [[9, 9], [0, 0], [0, 0]]
    assert picture.tolist() == goal[1:, 1:].tolist()
    assert sums.tolist() == [6, 1]


def test_sums_add_to_what_is_there(sums):
    passes.sum_values(VALUES, sums)
    passes.sum_values(VALUES, sums)
    assert sums.tolist() == [13, 18]


@pytest.mark.parametrize("pixels", [1, 63, 64, 65, 200])
def test_sums_leave_out_no_pixel(pixels, sums):
    values, squares = np.ones((pixels, 2), np.float32), np.zeros(2)
    passes.sum_values(values, sums)
    passes.sum_squares(2 * values, squares)
    assert sums.tolist() == [pixels] * 2
    assert squares.tolist() == [4 * pixels] * 2


def test_a_gradient_passes_the_relu_where_the_activation_is_above_0(sums):
    activation = np.maximum(VALUES, 0)
    one, zero = np.ones(2, np.float32), np.zeros(2, np.float32)
    gradient = np.full((5, 2), 2, np.float32)
    passes.pass_norm_and_relu_back(activation, gradient, one, zero, zero, sums)
    assert activation.tolist() == [[2, 0], [2, 2], [0, 2], [2, 0], [2, 2]]
    assert sums.tolist() == [8, 6]


def test_a_gradient_passes_the_norm_and_the_relu(sums):
    activation, gradient = np.float32([[1, 0], [2, 3]]), np.float32([[10, 20], [30, 40]])
    vectors = np.float32([2, 1]), np.float32([5, 0]), np.float32([0, -1])
    passes.pass_norm_and_relu_back(activation, gradient, *vectors, sums)
    assert activation.tolist() == [[25, 0], [70, 39]]
    assert sums.tolist() == [95, 39]


def test_gradients_are_summed_alone_and_with_the_activation(sums):
    dot = np.zeros(2)
    passes.sum_with_products(VALUES, np.full((5, 2), 3, np.float32), sums, dot)
    assert sums.tolist() == [6.5, 9]
    assert dot.tolist() == [19.5, 27]


def test_a_block_is_spread_out_with_zeros_around_it(sums):
    goal = np.full((2, 3, 2), 9, np.float32)
    passes.spread_out(np.float32([[[1, 2], [3, 4]]]), goal, sums)
    assert goal.tolist() == [[[1, 2], [3, 4], [0, 0]], [[0, 0], [0, 0], [0, 0]]]
    assert sums.tolist() == [4, 6]
