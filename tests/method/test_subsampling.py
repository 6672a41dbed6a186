"""Fast: how far planes are reduced, and how long a training is."""

import numpy as np
import pytest

from napari_dynaseg.method.subsampling import (
    MOST_PIXELS,
    TRAININGS,
    choose_reduction,
    choose_samples,
    enlarge_labels,
    limit_iterations,
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
    rows, columns = choose_samples((4, 5), 3)
    np.testing.assert_array_equal(rows, [[1, 1], [3, 3]])
    np.testing.assert_array_equal(columns, [[1, 4], [1, 4]])


def test_a_scribbled_pixel_is_taken_rather_than_the_middle_one_the_nearest_of_several():
    scribbles = np.zeros((4, 6), np.int32)
    scribbles[0, 0] = scribbles[1, 2] = scribbles[0, 2] = 5
    rows, columns = choose_samples((4, 6), 3, scribbles)
    np.testing.assert_array_equal(rows, [[1, 1], [3, 3]])
    np.testing.assert_array_equal(columns, [[2, 4], [1, 4]])


def test_every_square_with_a_scribble_has_it():
    scribbles = (np.random.default_rng(0).random((23, 31)) < 0.05).astype(np.int32)
    rows, columns = choose_samples(scribbles.shape, 4, scribbles)
    padded = np.pad(scribbles, ((0, 1), (0, 1)))
    has_any = padded.reshape(6, 4, 8, 4).any(axis=(1, 3))
    np.testing.assert_array_equal(scribbles[rows, columns] > 0, has_any)


@pytest.mark.parametrize(
    ("scheme", "published", "clean"), [("scf", 45, 12), ("fsf", 20, 10), ("fixed", 20, 10)]
)
def test_fast_runs_have_an_end_whatever_the_iterations(scheme, published, clean):
    settings = Settings(scheme=scheme, iterations=10_000)
    assert limit_iterations(settings) == TRAININGS[scheme].clean_iterations == clean
    assert limit_iterations(settings.change(clean=False)) == published
    assert limit_iterations(settings, is_taught=True) == published
    for most in (published, clean):
        assert str(most) in Settings.model_fields["iterations"].description
    assert limit_iterations(settings.change(iterations=7)) == 7
    assert limit_iterations(settings.change(quality="exact")) == 10_000
