"""The compiled transforms apply the matrices of Toom and Cook."""

import numpy as np
import pytest
from numpy.polynomial import polynomial

from napari_dynaseg.engine.cpu import tile_transforms
from napari_dynaseg.engine.cpu.winograd import POINTS

LENGTH = 5


def make_input_matrix():
    """Bᵀ, (6, 6): for each point the product of the others' roots, then of all."""
    others = [
        [*polynomial.polyfromroots(POINTS[:place] + POINTS[place + 1 :]), 0] for place in range(5)
    ]
    return np.array([*others, polynomial.polyfromroots(POINTS)])


def make_output_matrix():
    """Aᵀ, (4, 6): the powers of the points, and infinity for the highest."""
    return np.array([[*(np.power(POINTS, power)), float(power == 3)] for power in range(4)])


@pytest.mark.parametrize(
    ("apply", "matrix"),
    [
        (tile_transforms.apply_input_matrix, make_input_matrix()),
        (tile_transforms.apply_output_matrix, make_output_matrix()),
        (tile_transforms.apply_output_matrix_back, make_output_matrix().T),
    ],
)
def test_each_line_is_the_matrix_times_the_lines(apply, matrix):
    outgoing, incoming = matrix.shape
    lines = np.random.default_rng(0).random((incoming, LENGTH), dtype=np.float32)
    source = np.full((incoming, 7), np.nan, np.float32)  # lines that lie 7 apart, from 1 on
    source[:, 1 : 1 + LENGTH] = lines
    goal = np.zeros((outgoing, 9), np.float32)
    apply(source.ravel(), 1, 7, goal.ravel(), 2, 9, LENGTH)
    np.testing.assert_allclose(goal[:, 2 : 2 + LENGTH], matrix @ lines, atol=1e-5)
    goal[:, 2 : 2 + LENGTH] = 0
    assert not goal.any()
