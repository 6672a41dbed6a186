"""What is measured of labels is what literal maps have, on a plane and over a stack."""

import numpy as np
import pytest

from napari_dynaseg.errors import ImageError
from napari_dynaseg.labels.measurements import join_planes, measure_plane


def to_labels(*rows):
    return np.array(rows, np.int32)


SQUARE = to_labels([0, 0, 0, 0, 0], [0, 6, 6, 6, 0], [0, 6, 6, 6, 0], [0, 6, 6, 6, 9])


def test_pixels_and_middle_of_each_label_are_measured_by_rising_label():
    measured = measure_plane(SQUARE)
    np.testing.assert_array_equal(measured.labels, [6, 9])
    np.testing.assert_array_equal(measured.pixels, [9, 1])
    np.testing.assert_array_equal(measured.centroids, [[2, 2], [3, 4]])
    assert measured.means.shape == (2, 0)


def test_the_perimeter_goes_through_the_middles_of_the_outer_pixels():
    assert measure_plane(SQUARE).perimeters[0] == 8


def test_the_mean_of_each_channel_is_over_the_pixels_of_the_label():
    channels = np.stack([np.arange(20).reshape(4, 5), np.full((4, 5), 7)]).astype(np.uint16)
    np.testing.assert_array_equal(measure_plane(SQUARE, channels).means, [[12, 7], [19, 7]])


def test_a_single_channel_is_a_channel():
    assert measure_plane(SQUARE, np.ones((1, 4, 5), np.float32)).means.tolist() == [[1], [1]]


@pytest.mark.parametrize("channels", [None, np.ones((2, 2, 2))])
def test_a_plane_without_labels_has_no_row(channels):
    measured = measure_plane(to_labels([0, 0], [0, 0]), channels)
    assert len(measured.labels) == len(measured.pixels) == len(measured.perimeters) == 0
    assert measured.means.shape == (0, 0 if channels is None else 2)
    assert join_planes([measured]).centroids.shape == (0, 2)


def test_numbers_however_large_or_negative_are_measured():
    measured = measure_plane(to_labels([2**31 - 1, -4, -4]))
    np.testing.assert_array_equal(measured.labels, [-4, 2**31 - 1])
    np.testing.assert_array_equal(measured.pixels, [2, 1])


def test_over_a_stack_pixels_add_up_and_the_rest_is_averaged_by_pixels():
    first = measure_plane(to_labels([5, 5, 5, 0]), np.full((1, 1, 4), 2.0)).insert_axis(0, 0)
    second = measure_plane(to_labels([0, 0, 0, 5], [0, 0, 8, 0]), np.full((1, 2, 4), 6.0))
    joined = join_planes([first, second.insert_axis(0, 4)])
    np.testing.assert_array_equal(joined.labels, [5, 8])
    np.testing.assert_array_equal(joined.pixels, [4, 1])
    np.testing.assert_array_equal(joined.centroids, [[1, 0, 1.5], [4, 1, 2]])
    np.testing.assert_array_equal(joined.means, [[3], [6]])


def test_only_a_label_on_one_plane_has_a_perimeter():
    planes = [measure_plane(SQUARE), measure_plane(to_labels([6, 6]))]
    perimeters = join_planes(planes).perimeters
    assert np.isnan(perimeters[0])
    assert perimeters[1] == planes[0].perimeters[1]


def test_an_image_of_another_size_is_refused():
    with pytest.raises(ImageError, match=r"\(4, 5\) pixels.*got \(2, 2\)"):
        measure_plane(SQUARE, np.zeros((1, 2, 2)))


def test_nothing_to_measure_is_refused():
    with pytest.raises(ImageError, match="no plane"):
        join_planes([])
