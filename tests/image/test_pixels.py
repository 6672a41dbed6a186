"""Images of every dtype and shape as one float32 plane in 0…1."""

import numpy as np
import pytest

from napari_dynaseg.errors import ImageError, ImageWarning
from napari_dynaseg.image.pixels import Scaling, to_channels, to_plane


def test_bytes_are_divided_by_255():
    plane = to_plane(np.array([[0, 51, 255]], np.uint8))
    np.testing.assert_array_equal(plane, np.array([[[0, 0.2, 1]]], np.float32))


def test_bytes_keep_their_scale_however_little_of_it_they_use():
    plane = to_plane(np.array([[100, 101]], np.uint8))
    np.testing.assert_array_equal(plane, np.array([[[100, 101]]], np.float32) / np.float32(255))


def test_channels_come_first_with_their_values_as_they_are():
    image = np.arange(2 * 4 * 4, dtype=np.uint16).reshape(4, 4, 2)
    np.testing.assert_array_equal(to_channels(image, -1), image.transpose(2, 0, 1))
    assert to_channels(image, -1).dtype == np.uint16


def test_booleans_become_0_and_1():
    np.testing.assert_array_equal(to_plane([[True, False]]), [[[1, 0]]])


@pytest.mark.parametrize(
    "dtype",
    ["u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8", ">u2", ">f4"],
)
def test_every_other_dtype_is_scaled_to_its_own_ends(dtype):
    plane = to_plane(np.array([[20, 40], [60, 100]], dtype))
    assert plane.dtype == np.float32
    np.testing.assert_allclose(plane, [[[0, 0.25], [0.5, 1]]], atol=3e-3)
    assert plane.min() == 0
    assert plane.max() == 1


@pytest.mark.parametrize("dtype", [np.int16, np.int64, np.float32])
def test_negative_values_are_as_good_as_others(dtype):
    plane = to_plane(np.array([[-100, 0, 100]], dtype))
    np.testing.assert_allclose(plane, [[[0, 0.5, 1]]], atol=3e-3)


def test_a_list_of_lists_is_an_image_too():
    np.testing.assert_allclose(to_plane([[0, 5, 10]]), [[[0, 0.5, 1]]], atol=3e-3)


@pytest.mark.parametrize("dtype", [np.int64, np.float64])
def test_the_extremes_of_a_dtype_do_not_overflow(dtype):
    ends = (-1e308, 1e308) if dtype == np.float64 else (-(2**63), 2**63 - 1)
    plane = to_plane(np.array([[ends[0], 0, ends[1]]], dtype))
    np.testing.assert_allclose(plane, [[[0, 0.5, 1]]], atol=3e-3)


def test_a_few_hot_and_dead_pixels_do_not_squeeze_the_rest():
    image = np.tile(np.linspace(1000, 2000, 100), (100, 1))
    usual = to_plane(image)
    image[0, 0], image[50, 50] = 0, 65_000
    plane = to_plane(image)
    np.testing.assert_allclose(plane[0, 1:, 1:50], usual[0, 1:, 1:50], atol=1e-6)
    assert (plane[0, 0, 0], plane[0, 50, 50]) == (0, 1)


def test_sparse_bright_pixels_stay_when_both_percentiles_are_dark():
    image = np.zeros((100, 100), np.uint16)
    image[50, 50] = 7
    plane = to_plane(image)
    assert plane[0, 50, 50] == 1
    assert plane.sum() == 1


@pytest.mark.parametrize("value", [0, 1000])
@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_a_constant_channel_becomes_0(value, dtype):
    plane = to_plane(np.full((3, 4), value, dtype))
    np.testing.assert_array_equal(plane, np.zeros((1, 3, 4)))


def test_each_channel_is_scaled_by_itself():
    image = np.array([[[0, 10]], [[500, 900]]], np.uint16)
    np.testing.assert_array_equal(to_plane(image, channel_axis=0), [[[0, 1]], [[0, 1]]])


@pytest.mark.parametrize(
    ("shape", "planes"),
    [
        ((5, 6), (1, 5, 6)),
        ((1, 7), (1, 1, 7)),
        ((5, 6, 3), (3, 5, 6)),
        ((5, 6, 4), (3, 5, 6)),
        ((1, 5, 6), (1, 5, 6)),
        ((2, 5, 6), (2, 5, 6)),
        ((16, 20, 30), (16, 20, 30)),
    ],
)
def test_the_shape_tells_where_the_channels_are(shape, planes):
    assert to_plane(np.zeros(shape, np.uint8)).shape == planes


def test_rgb_gives_its_colours_in_order():
    image = np.zeros((2, 2, 3), np.uint8)
    image[0, 1] = 255, 51, 0
    assert to_plane(image)[:, 0, 1].tolist() == pytest.approx([1, 0.2, 0])


def test_alpha_is_left_out():
    image = np.random.default_rng(0).integers(0, 256, (5, 6, 4), np.uint8)
    np.testing.assert_array_equal(to_plane(image), to_plane(image[..., :3]))


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_a_named_channel_axis_is_used_whole(axis):
    channels = np.random.default_rng(0).integers(0, 256, (4, 5, 6), np.uint8)
    image = np.moveaxis(channels, 0, axis)
    np.testing.assert_array_equal(to_plane(image, channel_axis=axis), channels / np.float32(255))


@pytest.mark.parametrize("shape", [(5, 6, 2), (17, 20, 30), (5, 4, 6)])
def test_a_shape_that_does_not_tell_its_channels_is_refused(shape):
    with pytest.raises(ImageError, match=r"cannot tell which axis of shape .*or channel_axis"):
        to_plane(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(("shape", "axis"), [((5, 6), 0), ((2, 5, 6), 3), ((2, 5, 6), -4)])
def test_a_channel_axis_that_is_not_there_is_refused(shape, axis):
    sentence = rf"channel_axis must be one of the three axes.*; got channel_axis={axis} with shape"
    with pytest.raises(ImageError, match=sentence):
        to_plane(np.zeros(shape, np.uint8), channel_axis=axis)


@pytest.mark.parametrize("shape", [(), (5,), (2, 3, 5, 6)])
def test_other_dimensions_are_refused(shape):
    with pytest.raises(ImageError, match=r"an image must have shape \(H, W\).*; got shape"):
        to_plane(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 5, 6), (0, 5, 3)])
def test_an_image_without_pixels_is_refused(shape):
    with pytest.raises(ImageError, match=r"an image must have pixels; got shape"):
        to_plane(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (1, 1, 1)])
def test_an_image_of_one_pixel_is_refused(shape):
    with pytest.raises(ImageError, match=r"must have more than one pixel to segment; got shape"):
        to_plane(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("dtype", [np.complex64, "U1", "datetime64[s]", object])
def test_what_is_no_real_number_is_refused(dtype):
    with pytest.raises(ImageError, match=r"an image must hold real numbers; got an array of dtype"):
        to_plane(np.zeros((2, 2), dtype))


def test_nan_and_infinities_are_counted_and_mended():
    image = np.array([[0.0, 4.0, np.nan], [np.inf, -np.inf, np.nan]])
    with pytest.warns(ImageWarning, match=r"has 2 NaN and 2 infinite values") as caught:
        plane = to_plane(image)
    np.testing.assert_array_equal(plane, [[[0, 1, 0], [1, 0, 0]]])
    assert caught[0].filename == __file__


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_narrow_floats_are_mended_too(dtype):
    with pytest.warns(ImageWarning, match=r"has 1 NaN and 0 infinite values"):
        plane = to_plane(np.array([[0, 1, np.nan]], dtype))
    np.testing.assert_array_equal(plane, [[[0, 1, 0]]])


def test_a_channel_without_any_finite_value_becomes_0_beside_a_good_one():
    image = np.array([[[np.nan, np.nan]], [[0.0, 1.0]]])
    with pytest.warns(ImageWarning, match=r"has 2 NaN"):
        plane = to_plane(image, channel_axis=0)
    np.testing.assert_array_equal(plane, [[[0, 0]], [[0, 1]]])


def test_an_image_without_any_finite_value_is_refused():
    with pytest.raises(ImageError, match=r"must have finite values; got only NaN or infinity"):
        to_plane(np.array([[np.nan, np.inf]]))


@pytest.mark.parametrize(
    "image",
    [
        np.array([[0, 1], [1, 0]], np.float32),
        np.array([[0, 255], [51, 0]], np.uint8),
        np.array([[True, False], [True, True]]),
        np.array([[[0, 1], [1, 0]]], np.float32),
    ],
)
def test_the_plane_owns_its_memory(image):
    kept = image.copy()
    plane = to_plane(image)
    plane[:] = 0.5
    np.testing.assert_array_equal(image, kept)
    assert plane.flags.c_contiguous
    assert plane.flags.writeable


def test_a_read_only_or_mirrored_image_gives_a_plane_that_can_be_trained_on():
    image = np.array([[0, 51], [102, 255]], np.uint8)
    mirrored = image[:, ::-1]
    mirrored.setflags(write=False)
    plane = to_plane(mirrored)
    assert plane.flags.writeable
    np.testing.assert_array_equal(plane, to_plane(image)[:, :, ::-1])


def test_planes_measured_together_are_scaled_alike():
    dark, bright = np.array([[[0, 50]]], np.uint16), np.array([[[50, 100]]], np.uint16)
    scaling = Scaling.measure([dark, bright])
    np.testing.assert_allclose(scaling.apply(dark), [[[0, 0.5]]], atol=3e-3)
    np.testing.assert_allclose(scaling.apply(bright), [[[0.5, 1]]], atol=3e-3)


def test_each_channel_has_its_own_ends_on_all_planes():
    planes = [np.array([[[0, 10]], [[7, 7]]], np.float32)] * 2
    np.testing.assert_allclose(Scaling.measure(planes).ends, [(0, 10), (7, 7)], atol=0.02)


def test_one_plane_measured_and_scaled_is_what_to_plane_gives():
    image = np.random.default_rng(0).normal(size=(2, 5, 6))
    scaled = Scaling.measure([image]).apply(image)
    np.testing.assert_array_equal(scaled, to_plane(image, channel_axis=0))


def test_values_beyond_the_measured_ones_are_clipped():
    scaling = Scaling.measure([np.array([[[10, 20]]], np.int16)])
    assert scaling.apply(np.array([[[-500, 500]]], np.int16)).tolist() == [[[0, 1]]]


def test_bytes_need_no_measuring():
    assert Scaling.measure([np.array([[[3, 4]]], np.uint8)]).ends == ((0, 255),)


def test_a_plane_without_a_finite_value_is_scaled_like_the_others():
    good, bad = np.array([[[0.0, 1.0]]]), np.full((1, 1, 2), np.nan)
    with pytest.warns(ImageWarning, match="2 NaN"):
        scaled = Scaling.measure([bad, good]).apply(bad)
    np.testing.assert_array_equal(scaled, [[[0, 0]]])


def test_another_number_of_channels_than_measured_is_refused():
    scaling = Scaling.measure([np.zeros((2, 3, 4), np.uint8)])
    with pytest.raises(ImageError, match="expected a plane of 2 channels; got 3"):
        scaling.apply(np.zeros((3, 3, 4), np.uint8))


@pytest.mark.parametrize(
    ("plane", "sentence"),
    [
        (np.zeros((1, 0, 4)), "must have pixels"),
        (np.zeros((2, 1, 1)), "more than one pixel"),
        (np.zeros((1, 2, 2), complex), "real numbers"),
        (np.full((1, 2, 2), np.inf), "finite values"),
    ],
)
def test_planes_that_cannot_be_measured_are_refused(plane, sentence):
    with pytest.raises(ImageError, match=sentence):
        Scaling.measure([plane])
