"""The region scores, pinned by tables that can be counted by hand."""

import math

import numpy as np
import pytest

from benchmarks.accuracy.data_set import score_against_annotators
from benchmarks.accuracy.region_scores import (
    measure_many_to_one,
    measure_rand_index,
    measure_variation,
)
from napari_dynaseg.peers import Outcome


def test_equal_maps_agree_on_every_pair_and_have_no_variation():
    shared = np.array([[3, 0], [0, 5]])
    assert measure_rand_index(shared) == 1
    assert measure_variation(shared) == pytest.approx(0)


def test_the_rand_index_is_the_share_of_pairs_that_both_join_or_both_part():
    # Pixels a a | b b against x | y y y: of six pairs both join bb, and part ax-… as counted:
    # (a1 a2) joined against parted, (a1 b1), (a1 b2) parted in both, (a2 b1), (a2 b2) parted
    # against joined, (b1 b2) joined in both: three of six agree.
    assert measure_rand_index(np.array([[1, 1], [0, 2]])) == pytest.approx(3 / 6)


def test_the_variation_is_what_each_map_tells_beyond_the_other_in_bits():
    # Truth of two halves, labels of four quarters: H(labels | truth) = 1, H(truth | labels) = 0.
    assert measure_variation(np.array([[1, 1, 0, 0], [0, 0, 1, 1]])) == pytest.approx(1)
    # Independent halves: one bit each way.
    assert measure_variation(np.array([[1, 1], [1, 1]])) == pytest.approx(2)


def test_the_variation_of_uneven_parts():
    # One segment against parts of 1 and 3 pixels of 4.
    expected = 0.25 * math.log2(4) + 0.75 * math.log2(4 / 3)
    assert measure_variation(np.array([[1, 3]])) == pytest.approx(expected)


def test_labels_are_scored_by_their_connected_components_against_each_person():
    labels = np.array([[1, 2, 1, 1]])
    truths = [np.array([[0, 0, 0, 0]]), np.array([[0, 1, 2, 2]])]
    scores = score_against_annotators(Outcome(labels), truths)
    assert scores["segments"] == 3
    one, other = scores["maps"]
    assert one["overlaps"] == [0.5]
    assert one["pri"] == pytest.approx(1 / 6, abs=1e-6)
    assert one["voi"] == pytest.approx(1.5)
    # Label 1 as it is, in two parts, is given to the segment of two pixels, of which it has three.
    perfect = {"overlaps": [1, 1, 1], "sizes": [1, 1, 2], "pri": 1, "voi": 0}
    assert other == perfect | {"many_to_one": pytest.approx((0 + 1 + 2 / 3) / 3, abs=1e-6)}
    assert "levels" not in scores


def test_labels_that_are_given_to_one_segment_are_united():
    # Three labels lie in the first segment, which they make up together, one in the second.
    assert measure_many_to_one(np.array([[2, 3, 1, 0], [0, 0, 0, 4]])) == 1


def test_a_segment_that_no_label_fits_best_scores_0():
    assert measure_many_to_one(np.array([[6], [2]])) == pytest.approx((6 / 8 + 0) / 2)


def test_a_label_goes_where_its_overlap_is_largest_rather_than_most_of_its_pixels():
    # Label 1: 3 of 12 pixels with the first segment, 2 of 5 with the second.
    table = np.array([[3, 7], [2, 0]])
    assert measure_many_to_one(table) == pytest.approx((7 / 10 + 2 / 5) / 2)


def test_true_numbers_without_pixels_are_no_segments():
    assert measure_many_to_one(np.array([[0], [4]])) == 1
