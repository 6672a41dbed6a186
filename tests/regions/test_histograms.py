"""Histograms of the pixels of each region."""

import numpy as np
import pytest

from napari_dynaseg.regions.histograms import (
    INTENSITY_BINS,
    TEXTURE_BINS,
    add_shares,
    choose_channels,
    settle_histograms,
)

REGIONS = np.array([[0, 0, 1], [0, 1, 1]], np.int32)


def test_a_value_between_two_bins_counts_in_both_and_one_beyond_in_the_last():
    values = np.array([[0.0, 0.25, 1.0], [-7.0, 0.75, 9.0]], np.float32)
    shares = np.zeros((2, 5), np.float32)
    add_shares(REGIONS, values, 0.0, 1.0, 1, 3, shares)
    np.testing.assert_allclose(shares, [[0, 2.5, 0.5, 0, 0], [0, 0, 0.5, 2.5, 0]])


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_histograms_of_any_number_of_channels_count_for_as_much(channels):
    weights = [each.weight for each in choose_channels(np.ones(channels))]
    assert np.square(weights).sum() == pytest.approx(0.8**2 + 2 * 0.9**2)


def test_a_grey_image_stored_in_colour_is_told_apart_by_its_lightness_alone():
    assert choose_channels(np.array([0.2, 0.001, 0.001])) == choose_channels(np.array([0.2]))


def test_a_quarter_of_an_intensity_spills_over_but_not_beyond_the_ends():
    counts = np.zeros((2, TEXTURE_BINS + INTENSITY_BINS), np.float32)
    counts[:, 0] = counts[0, TEXTURE_BINS] = counts[1, TEXTURE_BINS + 3] = 8
    settle_histograms(counts, np.array([8.0, 8.0]), np.array([1.0]))
    np.testing.assert_allclose(counts[:, :2], [[0.25, 0], [0.25, 0]])
    np.testing.assert_allclose(counts[0, TEXTURE_BINS:][:4], [0.75, 0.25, 0, 0])
    np.testing.assert_allclose(counts[1, TEXTURE_BINS:][:6], [0, 0, 0.25, 0.5, 0.25, 0])
