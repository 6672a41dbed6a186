"""Means and histograms of the pixels of each region."""

import numpy as np
import pytest

from napari_dynaseg.regions.features import to_perceptual
from napari_dynaseg.regions.histograms import average_regions, count_histograms, measure_histograms

REGIONS = np.array([[0, 0, 1], [0, 1, 1]])
SIZES = np.array([3, 3])


def test_the_mean_of_each_channel_is_that_of_the_regions_own_pixels():
    channels = np.array([[[1, 2, 10], [3, 20, 30]], [[0, 0, 1], [0, 1, 1]]], float)
    np.testing.assert_allclose(average_regions(REGIONS, SIZES, channels), [[2, 0], [20, 1]])


def test_a_value_between_two_bins_counts_in_both_and_one_beyond_in_the_last():
    values = np.array([[0.0, 0.25, 1.0], [-7.0, 0.75, 9.0]])
    shares = count_histograms(REGIONS, SIZES, values, (0.0, 1.0), 3)
    np.testing.assert_allclose(shares, [[2.5 / 3, 0.5 / 3, 0], [0, 0.5 / 3, 2.5 / 3]])


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_histograms_of_any_number_of_channels_count_for_as_much(channels):
    plane = np.random.default_rng(0).random((channels, 2, 3)).astype(np.float32)
    shares = measure_histograms(REGIONS, SIZES, to_perceptual(plane))
    np.testing.assert_allclose(shares.sum(axis=1), 0.5**2 + 0.8**2 + 2 * 0.9**2)


def test_a_grey_image_stored_in_colour_is_told_apart_by_its_lightness_alone():
    lightness = np.linspace(0, 1, 6, dtype=np.float32).reshape(1, 2, 3)
    colours = np.zeros((2, 2, 3), np.float32)
    stored_in_colour = np.concatenate([lightness, colours])
    np.testing.assert_allclose(
        measure_histograms(REGIONS, SIZES, stored_in_colour),
        measure_histograms(REGIONS, SIZES, lightness),
    )
