"""Fast: how far planes are reduced, and when a training counts as settled."""

import numpy as np
import pytest

from napari_dynaseg.fast import (
    CALM_ITERATIONS,
    LEAST_ITERATIONS,
    MOST_ITERATIONS,
    MOST_PIXELS,
    Calm,
    choose_reduction,
    enlarge_labels,
    limit_iterations,
    reduce_plane,
)
from napari_dynaseg.settings import Settings


@pytest.mark.parametrize("shape", [(1, 1), (64, 64), (200, 200), (3, 200)])
def test_small_planes_are_not_reduced(shape):
    assert choose_reduction(*shape) == 1


def test_a_photograph_is_reduced_by_four():
    assert choose_reduction(321, 481) == 4


@pytest.mark.parametrize("side", [2048, 4096, 10_000, 100_000])
def test_large_planes_are_reduced_until_training_is_quick(side):
    reduction = choose_reduction(side, side)
    assert (side / reduction) ** 2 <= MOST_PIXELS
    assert (side / (reduction - 1)) ** 2 > MOST_PIXELS


def test_each_pixel_of_the_enlarged_map_has_the_label_of_its_square():
    labels = np.array([[1, 2], [3, 4]], np.int32)
    enlarged = enlarge_labels(labels, 2, (3, 4))
    np.testing.assert_array_equal(enlarged, [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4]])


def watch(calm, iterations, labels, in_use=2):
    for _ in range(iterations):
        calm.watch(np.array(labels, np.int32), in_use)


def test_a_training_whose_labels_stay_has_settled_after_the_least_iterations():
    calm = Calm()
    watch(calm, LEAST_ITERATIONS - 1, [1, 2, 2])
    assert not calm.has_settled
    watch(calm, 1, [1, 2, 2])
    assert calm.has_settled


def test_a_training_whose_number_of_labels_changes_has_not_settled():
    calm = Calm()
    watch(calm, LEAST_ITERATIONS, [1, 2, 2], in_use=5)
    watch(calm, CALM_ITERATIONS, [1, 2, 2], in_use=4)
    assert not calm.has_settled
    watch(calm, 1, [1, 2, 2], in_use=4)
    assert calm.has_settled


def test_a_training_whose_pixels_change_has_not_settled():
    calm = Calm()
    for iteration in range(LEAST_ITERATIONS + 1):
        watch(calm, 1, [1 + iteration % 2, 2, 2])
    assert not calm.has_settled


def test_the_middle_pixel_of_each_square_is_taken():
    plane = np.arange(20, dtype=np.float32).reshape(1, 4, 5)
    np.testing.assert_array_equal(reduce_plane(plane, 3), [[[6, 9], [16, 19]]])


def test_a_reduced_plane_has_its_own_memory():
    plane = np.zeros((2, 3, 4), np.float32)
    assert not np.shares_memory(reduce_plane(plane, 1), plane)


def test_fast_runs_have_an_end_whatever_the_iterations():
    assert limit_iterations(Settings(iterations=10_000)) == MOST_ITERATIONS
    assert (
        f"after {MOST_ITERATIONS} at the latest" in Settings.model_fields["iterations"].description
    )
    assert limit_iterations(Settings(iterations=7)) == 7
    assert limit_iterations(Settings(iterations=10_000, quality="exact")) == 10_000
