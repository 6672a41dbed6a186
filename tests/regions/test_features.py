"""What a pixel looks like: perceptual colour, scales, texture, gradient."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from napari_dynaseg.regions.features import blur, measure_gradient, measure_texture, to_perceptual


def test_three_channels_become_lab_with_lightness_from_0_to_1():
    plane = np.random.default_rng(0).random((3, 5, 4)).astype(np.float32)
    found = to_perceptual(plane)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, rgb2lab(plane, channel_axis=0) / 100, atol=1e-5)
    white = to_perceptual(np.ones((3, 1, 2), np.float32))
    np.testing.assert_allclose(white[:, 0, 0], [1, 0, 0], atol=1e-3)


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_other_channels_stay_as_they_are(channels):
    plane = np.full((channels, 2, 2), 0.5, np.float32)
    np.testing.assert_array_equal(to_perceptual(plane), plane)


def test_blurring_keeps_what_is_even_and_never_mixes_channels():
    plane = np.stack([np.zeros((6, 6)), np.ones((6, 6))]).astype(np.float32)
    np.testing.assert_allclose(blur(plane, 2.0), plane, atol=1e-6)


def test_texture_is_0_where_nothing_varies_and_the_deviation_where_it_does():
    assert not measure_texture(np.full((1, 9, 9), 0.3, np.float32))[0].round(3).any()
    board = np.indices((20, 20)).sum(0)[None] % 2
    assert measure_texture(board.astype(np.float32))[0, 10, 10] == pytest.approx(0.5, abs=0.01)


def test_the_lightness_of_two_channels_is_their_mean():
    board = np.indices((20, 20)).sum(0) % 2
    opposed = np.stack([board, 1 - board]).astype(np.float32)
    assert measure_texture(opposed).max() < 0.01


def test_a_step_is_seen_from_both_its_sides_in_both_directions_and_all_channels():
    plane = np.zeros((2, 3, 4), np.float32)
    plane[0, :, 2:] = 3
    plane[1, :, 2:] = 4
    np.testing.assert_allclose(measure_gradient(plane), [[0, 5, 5, 0]] * 3)
    np.testing.assert_allclose(
        measure_gradient(plane.transpose(0, 2, 1)), np.array([[0, 5, 5, 0]] * 3).T
    )
