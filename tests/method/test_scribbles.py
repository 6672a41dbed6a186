"""Scribbles in the words of a network, and the numbers that they get."""

import numpy as np
import pytest

from napari_dynaseg import Settings, iter_fit, segment
from napari_dynaseg.errors import ImageError
from napari_dynaseg.method.scribbles import ScribbleNumbers, Scribbles

KNOBS = {"channels": 12, "iterations": 40, "minimum_labels": 1, "device": "cpu"}


def draw(*rows):
    return np.array(rows, np.int32)


@pytest.fixture
def stripes():
    """Give three stripes of different brightness, with a little noise."""
    picture = np.random.default_rng(0).integers(0, 12, (24, 36), np.uint8)
    picture[:, 12:] += 90
    picture[:, 24:] += 90
    return picture


@pytest.fixture
def strokes(stripes):
    """Give a stroke on the first stripe, and one on the last."""
    drawn = np.zeros(stripes.shape, np.uint8)
    drawn[6:18, 5:7], drawn[6:18, 29:31] = 40, 7
    return drawn


def test_labels_of_a_first_run_take_the_first_channels():
    scribbles = Scribbles.for_first_run(draw([0, 30, 30], [4, 0, 30]), channels=4)
    np.testing.assert_array_equal(scribbles.channels, [[0, 2, 2], [1, 0, 2]])
    np.testing.assert_array_equal(scribbles.numbers, [0, 4, 30, 1, 2])


def test_more_labels_than_channels_are_refused():
    with pytest.raises(ImageError, match="no channel left for label 3: the network has 2"):
        Scribbles.for_first_run(draw([1, 2, 3]), channels=2)


def test_a_negative_label_is_refused():
    with pytest.raises(ImageError, match="labels from 1 on that int32 holds; got -2 to 0"):
        Scribbles.for_first_run(draw([0, -2]), channels=4)


def test_labels_that_a_network_knows_keep_their_channels_and_new_ones_take_free_ones():
    numbers = np.array([0, 3, 1, 2, 4], np.int32)
    scribbles = Scribbles.for_network(draw([0, 77, 1]), numbers, draw([3, 3, 1]))
    assert scribbles.channels[0, 2] == 2
    new = scribbles.channels[0, 1]
    assert new not in (0, 1, 2)
    assert scribbles.numbers[new] == 77
    assert len(set(scribbles.numbers.tolist())) == len(scribbles.numbers)
    np.testing.assert_array_equal(scribbles.labels, [[0, 77, 1]])


def test_nothing_scribbled_is_told_so():
    with pytest.raises(ImageError, match="nothing is scribbled"):
        Scribbles.for_first_run(draw([0, 0]), channels=4)


def test_a_label_beyond_int32_is_refused():
    with pytest.raises(ImageError, match="int32 holds; got 4294967296 to 4294967296"):
        Scribbles.for_first_run(np.array([[1 << 32]]), channels=4)


def test_scribbled_labels_keep_their_numbers_and_others_take_the_lowest_by_falling_size():
    numbers = ScribbleNumbers(Scribbles.for_first_run(draw([2, 0, 0, 0, 0, 0]), channels=5))
    labels = draw([4, 1, 3, 3, 3, 4])
    numbers.follow(labels)
    np.testing.assert_array_equal(numbers.apply(labels), [[2, 2, 1, 1, 1, 3]])
    np.testing.assert_array_equal(numbers.list_all(5), [0, 2, 4, 1, 3, 5])
    numbers.follow(draw([1, 1, 1, 5, 5, 5]))
    np.testing.assert_array_equal(numbers.list_all(5), [0, 2, 4, 1, 3, 5])


def test_numbers_that_were_never_followed_are_those_of_the_scribbles():
    numbers = ScribbleNumbers(Scribbles.for_first_run(draw([2, 0]), channels=3))
    np.testing.assert_array_equal(numbers.list_all(3), [0, 2, 1, 3])


def test_a_segmentation_has_scribbles_as_they_are_and_what_is_like_them_follows(stripes, strokes):
    labels = segment(stripes, scribbles=strokes, **KNOBS)
    np.testing.assert_array_equal(labels[strokes > 0], strokes[strokes > 0])
    assert (labels[:, :10] == 40).mean() > 0.9
    assert (labels[:, 26:] == 7).mean() > 0.9
    assert not {0, *range(8, 40), *range(41, 50)} & set(np.unique(labels).tolist())


def test_as_many_labels_as_are_scribbled_are_the_minimum(stripes, strokes):
    labels = segment(stripes, scribbles=strokes, **{**KNOBS, "scheme": "fixed", "mu": 100.0})
    assert {7, 40} <= set(np.unique(labels).tolist())


def test_scribbles_that_are_no_whole_numbers_or_of_another_shape_are_refused(stripes):
    with pytest.raises(ImageError, match=r"must be whole numbers of shape .+; got float64"):
        segment(stripes, scribbles=np.ones(stripes.shape), **KNOBS)
    with pytest.raises(ImageError, match=r"of shape \(24, 36\); got int64 of shape \(2, 2\)"):
        segment(stripes, scribbles=np.ones((2, 2), int), **KNOBS)


def test_scribbles_of_as_many_labels_as_channels_are_refused(stripes):
    drawn = np.zeros(stripes.shape, int)
    drawn[0, :12] = range(1, 13)
    with pytest.raises(ImageError, match="leave a channel free.*12 labels with 12 channels"):
        segment(stripes, scribbles=drawn, **KNOBS)


def test_a_plane_that_is_scribbled_all_over_trains(stripes):
    plane = stripes[None].astype(np.float32) / 255
    drawn = np.where(stripes > 100, 2, 1).astype(np.int32)
    *_, last = iter_fit(plane, Settings(**KNOBS), scribbles=drawn)
    assert np.isfinite(last.total)


def test_within_a_mask_the_scribbles_inside_count(stripes, strokes):
    mask = np.zeros(stripes.shape, bool)
    mask[2:20, 20:34] = True
    labels = segment(stripes, scribbles=strokes, within=mask, **KNOBS)
    inside = mask & (strokes > 0)
    np.testing.assert_array_equal(labels[inside], strokes[inside])
    assert not labels[~mask].any()
    assert 40 not in labels
    mask[:, 26:] = False
    with pytest.raises(ImageError, match="nothing is scribbled"):
        segment(stripes, scribbles=strokes, within=mask, **KNOBS)


def test_at_user_size_one_stroke_each_labels_two_flat_halves():
    picture = np.full((256, 256, 3), 40, np.uint8)
    picture[:, 128:] = 200
    strokes = np.zeros((256, 256), np.int32)
    strokes[4:-4, 64], strokes[4:-4, 192] = 1, 2
    labels = segment(picture, scribbles=strokes)
    assert (labels[:, :128] == 1).mean() > 0.9
    assert (labels[:, 128:] == 2).mean() > 0.9
