"""The accuracy protocol, pinned by arrays that can be counted by hand."""

import numpy as np
import pytest

from benchmarks.accuracy.object_scores import choose_foreground
from benchmarks.accuracy.protocol import (
    count_contingencies,
    find_components,
    pool_kinds,
    score_table,
)
from napari_dynaseg.errors import ImageError


def score_labels(labels, truth):
    return score_table(count_contingencies(find_components(labels), truth))


def test_unconnected_regions_of_one_label_are_two_segments():
    np.testing.assert_array_equal(find_components(np.array([[5, 0, 5]])), [[0, 1, 2]])


def test_pixels_that_touch_at_a_corner_are_not_connected():
    components = find_components(np.array([[1, 0], [0, 1]]))
    assert len(np.unique(components)) == 4


def test_each_true_segment_takes_its_best_segment():
    truth = np.array([[0, 0, 0, 1]])
    labels = np.array([[7, 7, 8, 8]])
    scores = score_labels(labels, truth)
    # Segment 0 against 7: 2 of 3; segment 1 against 8: 1 of 2.
    assert scores[:, 0].tolist() == pytest.approx([2 / 3, 1 / 2])
    assert scores[:, 1].tolist() == [3, 1]


def test_a_perfect_map_scores_1_whatever_its_numbers():
    truth = np.array([[3, 3, 9], [3, 9, 9]])
    assert (score_labels(np.array([[1, 1, 4], [1, 4, 4]]), truth)[:, 0] == 1).all()


def test_segments_of_all_maps_are_pooled():
    labels = np.array([[1, 1, 2, 2]])
    maps = [score_labels(labels, np.array([truth])) for truth in ([0, 0, 1, 1], [0, 0, 0, 0])]
    # 1 and 1 in the first map, 2 of 4 in the second: not the mean of the maps' means.
    assert pool_kinds([maps])["all"] == pytest.approx(2.5 / 3)


def test_covering_weighs_segments_by_their_pixels():
    assert pool_kinds([[np.array([[1.0, 1], [0.5, 3]])]])["covering"] == pytest.approx(2.5 / 4)


def test_numbers_that_a_true_map_does_not_use_are_no_segments():
    scores = score_labels(np.array([[1, 1]]), np.array([[4, 4]], np.uint16))
    assert scores[:, 0].tolist() == [1.0]


def test_pixels_below_0_are_left_out():
    labels = np.array([[1, 1, 1, 2, 2]])
    scores = score_labels(labels, np.array([[0, 0, -1, -1, 1]]))
    # Label 1 counts with its two valid pixels, label 2 with its one.
    assert scores[:, 0].tolist() == [1, 1]
    assert scores[:, 1].tolist() == [2, 1]


def test_fine_takes_the_map_of_most_segments_and_coarse_that_of_fewest_of_each_image():
    def make(*overlaps):
        return np.column_stack([overlaps, [4] * len(overlaps)])

    images = [[make(0.2, 0.4), make(0.6), make(0.1, 0.2)], [make(0.8, 1.0, 0.9)]]
    kinds = pool_kinds(images)
    assert kinds["all"] == pytest.approx((0.2 + 0.4 + 0.6 + 0.1 + 0.2 + 0.8 + 1.0 + 0.9) / 8)
    # Of two maps of as many segments the first one counts.
    assert kinds["fine"] == pytest.approx((0.2 + 0.4 + 0.8 + 1.0 + 0.9) / 5)
    assert kinds["coarse"] == pytest.approx((0.6 + 0.8 + 1.0 + 0.9) / 4)
    assert kinds["mean"] == pytest.approx((kinds["all"] + kinds["fine"] + kinds["coarse"]) / 3)
    assert kinds["covering"] == pytest.approx(kinds["all"])


def test_a_truth_of_another_size_is_refused_in_one_sentence():
    with pytest.raises(ImageError, match=r"size of its image, \(2, 3\); got \(3, 2\)"):
        score_labels(np.ones((2, 3), np.int32), np.ones((3, 2), np.int32))
    with pytest.raises(ImageError, match="size of its image"):
        choose_foreground(np.ones((2, 3), np.int32), np.ones((2, 2), bool))
