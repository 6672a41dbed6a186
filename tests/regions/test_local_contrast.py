"""Local contrast: where patterns meet, not what lies within them."""

import numpy as np
import pytest

from napari_dynaseg.regions.local_contrast import (
    SIDE_DISTANCE,
    SIDE_WINDOW,
    STEP,
    Kind,
    measure_local_contrast,
)


def measure(values, weight=1.0, bins=5):
    return measure_local_contrast([Kind(values.astype(np.float32), weight, (0.0, 1.0), bins)])


def draw_step(side, vertical):
    values = np.zeros((side, side))
    values[side // 2 :] = 1
    return values.T if vertical else values


def test_there_is_one_figure_for_every_other_pixel_of_every_other_row():
    for shape in ((1, 1), (2, 3), (31, 256)):
        assert measure(np.ones(shape)).shape == tuple(-(-each // STEP) for each in shape)


def test_it_is_0_where_nothing_differs():
    assert not measure(np.full((20, 30), 0.4)).round(4).any()


@pytest.mark.parametrize("vertical", [False, True])
def test_it_is_largest_where_two_sides_meet_in_either_direction(vertical):
    contrast = measure(draw_step(256, vertical))
    profile = contrast[:, 60] if not vertical else contrast[60]
    assert abs(int(profile.argmax()) - 63.5) <= 1
    assert profile.max() > 0.9
    # The farthest pixels that have a share in a side.
    reach = SIDE_DISTANCE + int(4 * SIDE_WINDOW + 0.5)
    assert not profile[: 63 - reach].round(4).any()


def test_a_pattern_within_which_a_gradient_is_large_has_less_than_the_border_of_two():
    random = np.random.default_rng(0)
    values = random.choice([0.2, 0.8], (256, 256))
    values[:, 128:] = random.choice([0.0, 0.5, 1.0], (256, 128))
    contrast = measure(values)
    assert contrast[:, 62:66].mean() > 1.3 * contrast[:, :50].mean()


def test_it_is_the_difference_of_roots_of_blurred_shares():
    from scipy.ndimage import gaussian_filter

    values = np.random.default_rng(1).random((33, 40)).astype(np.float32)
    expected = 0
    for place in range(5):
        shares = np.maximum(1 - np.abs(4 * values[::2, ::2] - place), 0)
        roots = np.pad(np.sqrt(gaussian_filter(shares, 1.5)), 2, mode="edge")
        expected += (roots[4:, 2:-2] - roots[:-4, 2:-2]) ** 2
        expected += (roots[2:-2, 4:] - roots[2:-2, :-4]) ** 2
    np.testing.assert_allclose(measure(values, weight=0.7), 0.7 * np.sqrt(expected), atol=1e-5)
