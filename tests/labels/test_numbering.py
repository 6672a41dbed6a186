"""Numbering labels by size, and keeping the numbers with their regions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from napari_dynaseg.labels.numbering import (
    RegionNumbers,
    count_labels,
    match_labels,
    number_by_size,
)

label_maps = npst.arrays(np.int32, (5, 4), elements=st.integers(0, 9))


def to_labels(*rows):
    return np.array(rows, np.int32)


def find_partition(labels):
    """Give the regions of a label map as sets of pixels, whatever their numbers."""
    flat = labels.ravel()
    return {frozenset(np.flatnonzero(flat == number).tolist()) for number in np.unique(flat)}


def test_the_label_with_most_pixels_becomes_1():
    numbered = number_by_size(to_labels([9, 9, 4], [0, 9, 0]))
    np.testing.assert_array_equal(numbered, [[1, 1, 3], [2, 1, 2]])
    assert numbered.dtype == np.int32


def test_of_two_labels_of_one_size_the_lower_number_comes_first():
    np.testing.assert_array_equal(number_by_size(to_labels([8, 3, 8, 3, 5])), [[2, 1, 2, 1, 3]])


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.uint16])
def test_labels_of_any_integer_dtype_are_numbered(dtype):
    numbered = number_by_size(np.array([[200, 7, 200]], dtype))
    np.testing.assert_array_equal(numbered, [[1, 2, 1]])


def test_numbering_leaves_its_input_alone():
    labels = to_labels([5, 5, 2])
    number_by_size(labels)
    np.testing.assert_array_equal(labels, [[5, 5, 2]])


def test_numbers_exchanged_between_regions_come_back():
    previous = to_labels([1, 1, 2, 2, 3])
    np.testing.assert_array_equal(match_labels(to_labels([3, 3, 1, 1, 2]), previous), previous)


def test_after_a_split_the_larger_part_keeps_the_number_and_the_other_gets_a_free_one():
    matched = match_labels(to_labels([7, 2, 2, 2]), to_labels([4, 4, 4, 4]))
    np.testing.assert_array_equal(matched, [[1, 4, 4, 4]])


def test_after_a_merge_the_number_of_the_larger_region_stays():
    matched = match_labels(to_labels([6, 6, 6, 6, 6]), to_labels([1, 1, 2, 2, 2]))
    np.testing.assert_array_equal(matched, [[2, 2, 2, 2, 2]])


def test_a_free_number_is_the_lowest_that_no_region_had():
    matched = match_labels(to_labels([1, 1, 5, 6, 6, 7]), to_labels([1, 1, 3, 3, 3, 3]))
    np.testing.assert_array_equal(matched, [[1, 1, 2, 3, 3, 4]])


def test_the_pairing_is_the_best_altogether_not_the_best_for_the_first():
    # Alone, the new 1 would take the old 1 with which it shares most; then the new 2, which
    # touches only the old 1, would get nothing: 3 shared pixels instead of 4.
    previous = to_labels([1, 1, 1, 2, 2, 1, 1])
    matched = match_labels(to_labels([1, 1, 1, 1, 1, 2, 2]), previous)
    np.testing.assert_array_equal(matched, [[2, 2, 2, 2, 2, 1, 1]])


def test_matched_labels_are_int32_and_the_inputs_stay():
    labels, previous = to_labels([3, 3, 1]), to_labels([1, 1, 2])
    matched = match_labels(labels, previous)
    assert matched.dtype == np.int32
    np.testing.assert_array_equal(labels, [[3, 3, 1]])
    np.testing.assert_array_equal(previous, [[1, 1, 2]])


@given(label_maps, label_maps)
def test_matching_never_changes_the_partition(labels, previous):
    assert find_partition(match_labels(labels, previous)) == find_partition(labels)


@given(label_maps, st.permutations(range(10)))
def test_matching_a_renumbered_copy_gives_the_original(labels, numbers):
    renumbered = np.array(numbers, np.int32)[labels]
    np.testing.assert_array_equal(match_labels(renumbered, labels), labels)


@given(label_maps)
def test_numbering_by_size_keeps_the_partition_and_leaves_no_gap(labels):
    numbered = number_by_size(labels)
    assert find_partition(numbered) == find_partition(labels)
    sizes = np.bincount(numbered.ravel())[1:]
    assert (sizes > 0).all()
    assert (np.diff(sizes) <= 0).all()


def follow(*maps):
    """Follow the maps of a run, and give each under its numbers."""
    numbers = RegionNumbers()
    results = []
    for labels in maps:
        numbers.follow(labels)
        results.append(numbers.apply(labels).tolist())
    return results


def test_the_first_map_of_a_run_is_numbered_by_size():
    assert follow(to_labels([5, 8, 8])) == [[[2, 1, 1]]]


def test_the_next_maps_of_a_run_keep_the_numbers_even_when_sizes_turn():
    first, then = follow(to_labels([5, 8, 8, 8, 5]), to_labels([5, 5, 8, 8, 5]))
    assert first == [[2, 1, 1, 1, 2]]
    assert then == [[2, 2, 1, 1, 2]]


def test_a_finer_map_takes_the_numbers_of_the_run_and_free_ones_for_labels_the_run_lacks():
    numbers = RegionNumbers()
    numbers.follow(to_labels([5, 8, 8]))
    finer = numbers.apply(to_labels([5, 5, 3, 8, 9, 8]))
    np.testing.assert_array_equal(finer, [[2, 2, 3, 1, 4, 1]])


@pytest.mark.parametrize("labels", [[[-5, -5, 2]], [[2**31 - 1, 2**31 - 1, 7]]])
def test_negative_and_huge_labels_are_numbered_too(labels):
    np.testing.assert_array_equal(number_by_size(np.array(labels, np.int32)), [[1, 1, 2]])


@pytest.mark.parametrize(
    ("labels", "count"),
    [([[0, 0]], 0), ([[0, 5, 5]], 1), ([[-3, 0, 2_000_000_000]], 2), ([[[1]], [[2]]], 2)],
)
def test_all_numbers_but_0_are_counted(labels, count):
    assert count_labels(np.array(labels)) == count
