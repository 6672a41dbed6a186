"""What a step promises to whoever holds it."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from napari_dynaseg.method.run import iter_fit
from napari_dynaseg.settings import Settings

SMALL = Settings(channels=8, iterations=4, minimum_labels=1, device="cpu", clean=False)


@pytest.fixture
def plane():
    return np.random.default_rng(0).random((2, 12, 10), dtype=np.float32)


@pytest.fixture
def large_plane():
    plane = np.random.default_rng(1).random((1, 220, 205), dtype=np.float32) / 4
    plane[:, 90:] += 0.7
    return plane


def test_the_total_is_the_weighted_sum_of_the_terms(plane):
    for step in iter_fit(plane, SMALL):
        expected = step.similarity + step.weight * step.continuity
        assert step.total == pytest.approx(expected, rel=1e-5)


def test_each_step_counts_the_labels_of_its_own_map(plane):
    for step in iter_fit(plane, SMALL):
        assert step.labels_in_use == len(np.unique(step.labels))
        assert step.weight == SMALL.mu / step.labels_in_use


def test_label_maps_are_int32_numbers_of_channels_from_1(plane):
    labels = next(iter_fit(plane, SMALL)).labels
    assert labels.dtype == np.int32
    assert labels.shape == (12, 10)
    assert set(np.unique(labels)) <= set(range(1, SMALL.channels + 1))


def test_steps_are_frozen_and_their_label_maps_read_only(plane):
    step = next(iter_fit(plane, SMALL))
    with pytest.raises(FrozenInstanceError):
        step.iteration = 2
    with pytest.raises(ValueError, match="read-only"):
        step.labels[0, 0] = 5


def test_a_step_does_not_change_while_the_run_goes_on(plane):
    run = iter_fit(plane, SMALL)
    step = next(run)
    kept = step.labels.copy()
    list(run)
    np.testing.assert_array_equal(step.labels, kept)


def test_labels_are_those_of_the_step_however_late_they_are_asked_for(large_plane):
    early = [step.labels for step in iter_fit(large_plane, SMALL)]
    late = [step.labels for step in list(iter_fit(large_plane, SMALL))]
    for one, other in zip(early, late, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_labels_of_a_step_cannot_be_written_to(large_plane):
    step = next(iter_fit(large_plane, SMALL))
    for labels in (step.labels, step.trained_labels, step.sketch):
        with pytest.raises(ValueError, match="read-only"):
            labels[0, 0] = 5


def test_a_step_without_labels_finds_those_of_every_pixel_again(large_plane):
    *_, step = iter_fit(large_plane, SMALL)
    slim = step.without_labels()
    assert slim.trained_labels.size == 0
    assert slim.labels_in_use == step.labels_in_use
    np.testing.assert_array_equal(slim.labels, step.labels)
