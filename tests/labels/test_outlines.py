"""Fill, grow, shrink and smooth do what they say, and no more."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from napari_dynaseg.labels.components import find_regions
from napari_dynaseg.labels.outlines import fill_holes, grow, shrink, smooth
from napari_dynaseg.labels.scope import Scope

label_maps = npst.arrays(np.int32, (9, 9), elements=st.integers(0, 2))


def to_labels(*rows):
    return np.array(rows, np.int32)


def check(result, *rows):
    np.testing.assert_array_equal(result, rows)
    assert result.dtype == np.int32


NESTED = to_labels([3, 3, 3, 3], [3, 0, 8, 3], [3, 3, 3, 3], [0, 3, 3, 3])


def test_with_all_labels_only_0_is_filled():
    check(fill_holes(NESTED), [3, 3, 3, 3], [3, 3, 8, 3], [3, 3, 3, 3], [0, 3, 3, 3])


def test_a_single_label_takes_whatever_it_encloses():
    filled = fill_holes(NESTED, Scope(NESTED == 3))
    check(filled, [3, 3, 3, 3], [3, 3, 3, 3], [3, 3, 3, 3], [0, 3, 3, 3])


def test_a_locked_label_in_a_hole_stays():
    filled = fill_holes(NESTED, Scope(NESTED == 3, locked=[8]))
    check(filled, [3, 3, 3, 3], [3, 3, 8, 3], [3, 3, 3, 3], [0, 3, 3, 3])


def test_of_two_regions_around_a_hole_the_inner_one_takes_it():
    labels = np.full((7, 7), 1, np.int32)
    labels[1:6, 1:6], labels[2:5, 2:5], labels[3, 3] = 0, 2, 0
    filled = fill_holes(labels)
    assert filled[3, 3] == 2
    assert (filled[1, 1:6] == 1).all()


def test_a_tunnel_through_a_stack_is_no_hole_and_a_closed_one_is():
    tube = np.ones((3, 3, 3), np.int32)
    tube[:, 1, 1] = 0
    np.testing.assert_array_equal(fill_holes(tube), tube)
    tube[[0, 2], 1, 1] = 1
    assert fill_holes(tube).all()


def test_growth_goes_over_what_is_not_chosen_and_stops_at_what_is():
    labels = to_labels([0, 0, 4, 7, 0, 0])
    check(grow(labels, 1), [0, 4, 4, 7, 7, 0])
    check(grow(labels, 1, Scope(labels == 4)), [0, 4, 4, 4, 0, 0])
    check(grow(labels, 1, Scope(labels == 4, locked=[7])), [0, 4, 4, 7, 0, 0])


def test_growth_is_round():
    labels = np.zeros((5, 5), np.int32)
    labels[2, 2] = 1
    assert grow(labels, 1).sum() == 5
    assert grow(labels, 1.5).sum() == 9


def test_what_a_region_gives_up_goes_to_its_neighbour():
    labels = to_labels([0, 0, 4, 4, 4, 4, 7, 7])
    check(shrink(labels, 1, Scope(labels == 4)), [0, 0, 0, 4, 4, 7, 7, 7])


def test_between_two_that_shrink_lies_0():
    labels = to_labels([4, 4, 4, 7, 7, 7])
    check(shrink(labels, 1), [4, 4, 0, 0, 7, 7])


def test_a_region_that_fills_the_image_has_no_outline_to_move():
    check(shrink(to_labels([4, 4]), 1), [4, 4])


def test_the_parts_of_a_label_shrink_alike():
    labels = to_labels([4, 4, 4, 0, 4, 4, 4])
    check(shrink(labels, 1), [4, 4, 0, 0, 0, 4, 4])


def make_ragged_halves():
    labels = np.full((20, 20), 1, np.int32)
    labels[:, 10:] = 2
    labels[[4, 9, 14], 9] = 2
    labels[[6, 11], 10] = 1
    return labels


def test_a_ragged_outline_becomes_straight():
    smoothed = smooth(make_ragged_halves(), 4)
    assert (smoothed[:, :10] == 1).all()
    assert (smoothed[:, 10:] == 2).all()


def test_a_straight_outline_and_a_single_label_stay():
    halves = np.repeat([[1, 2]], 12, axis=0).repeat(6, axis=1).astype(np.int32)
    np.testing.assert_array_equal(smooth(halves, 3), halves)
    check(smooth(to_labels([4, 4, 4]), 3), [4, 4, 4])


def test_a_line_and_a_dot_outlive_smoothing():
    labels = np.full((15, 15), 1, np.int32)
    labels[:, 4], labels[8, 10] = 2, 3
    np.testing.assert_array_equal(smooth(labels, 4), labels)


def test_only_the_outline_of_a_chosen_region_moves():
    labels = make_ragged_halves()
    labels = np.concatenate([labels, labels + 2], axis=1)
    smoothed = smooth(labels, 4, Scope(labels == 1))
    np.testing.assert_array_equal(smoothed[:, 25:], labels[:, 25:])
    assert (smoothed[:, :10] == 1).all()


def test_numbers_however_large_are_smoothed():
    labels = make_ragged_halves()
    large = np.where(labels == 2, 2**31 - 2, -5).astype(np.int32)
    smoothed = smooth(large, 4)
    np.testing.assert_array_equal(smoothed > 0, smooth(labels, 4) == 2)


def count_by_label(labels):
    regions = find_regions(labels + 1)
    return regions, np.bincount(regions.labels[1:], minlength=4)


@given(labels=label_maps, radius=st.sampled_from([1, 2, 4]))
def test_smoothing_breaks_up_nothing_and_makes_nothing_vanish(labels, radius):
    old, before = count_by_label(labels)
    new, after = count_by_label(smooth(labels, radius))
    assert (after <= before).all()
    assert ((after > 0) == (before > 0)).all()
    for region in range(1, len(old.labels)):
        own = (old.map == region) & (new.labels[new.map] == old.labels[region])
        assert len(np.unique(new.map[own])) == 1


@pytest.mark.parametrize("edit", [grow, shrink, smooth])
def test_an_empty_map_stays_empty(edit):
    check(edit(to_labels([0, 0, 0]), 2), [0, 0, 0])
