"""Fast: how far planes are reduced, and how long a training is."""

import numpy as np
import pytest

from napari_dynaseg.fast import (
    MOST_PIXELS,
    TRAININGS,
    choose_reduction,
    enlarge_labels,
    limit_iterations,
    reduce_plane,
)
from napari_dynaseg.settings import Settings


@pytest.mark.parametrize("shape", [(1, 1), (64, 64), (200, 200), (3, 200)])
def test_small_planes_are_not_reduced(shape):
    assert choose_reduction(*shape, Settings()) == 1


@pytest.mark.parametrize(("scheme", "reduction"), [("scf", 4), ("fsf", 3), ("fixed", 3)])
def test_a_photograph_is_reduced_as_far_as_its_scheme_bears(scheme, reduction):
    assert choose_reduction(321, 481, Settings(scheme=scheme)) == reduction


def test_nothing_is_reduced_in_exact_quality():
    assert choose_reduction(321, 481, Settings(quality="exact")) == 1


@pytest.mark.parametrize("side", [2048, 4096, 10_000, 100_000])
def test_large_planes_are_reduced_until_training_is_quick(side):
    reduction = choose_reduction(side, side, Settings())
    assert (side / reduction) ** 2 <= MOST_PIXELS
    assert (side / (reduction - 1)) ** 2 > MOST_PIXELS


def test_each_pixel_of_the_enlarged_map_has_the_label_of_its_square():
    labels = np.array([[1, 2], [3, 4]], np.int32)
    enlarged = enlarge_labels(labels, 2, (3, 4))
    np.testing.assert_array_equal(enlarged, [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4]])


def test_the_middle_pixel_of_each_square_is_taken():
    plane = np.arange(20, dtype=np.float32).reshape(1, 4, 5)
    np.testing.assert_array_equal(reduce_plane(plane, 3), [[[6, 9], [16, 19]]])


def test_a_reduced_plane_has_its_own_memory():
    plane = np.zeros((2, 3, 4), np.float32)
    assert not np.shares_memory(reduce_plane(plane, 1), plane)


@pytest.mark.parametrize(("scheme", "most"), [("scf", 55), ("fsf", 20), ("fixed", 20)])
def test_fast_runs_have_an_end_whatever_the_iterations(scheme, most):
    settings = Settings(scheme=scheme, iterations=10_000)
    assert limit_iterations(settings) == TRAININGS[scheme].iterations == most
    assert str(most) in Settings.model_fields["iterations"].description
    assert limit_iterations(settings.change(iterations=7)) == 7
    assert limit_iterations(settings.change(quality="exact")) == 10_000
