"""Clusters belong to labels of a guidance by overlap; pixels of other clusters are drawn over."""

import numpy as np
import pytest

from napari_dynaseg.labels.guidance import match_clusters


def find_matched(overlaps):
    """Give the cluster that each label draws to from one that belongs to no label, the last."""
    wider = np.pad(overlaps, ((0, 0), (0, 1)))
    free = np.array([0] * (wider.shape[1] - 1) + [1])
    return match_clusters(wider, free)[:, -1]


@pytest.mark.parametrize(
    ("overlaps", "clusters"),
    [
        ([[5, 0, 0], [0, 0, 2]], [0, 2]),
        ([[9, 8], [8, 1]], [1, 0]),  # 8 + 8 is more than 9 + 1
        ([[0, 6, 0]], [1]),
    ],
)
def test_each_label_has_a_cluster_of_its_own_with_the_largest_overlap_in_sum(overlaps, clusters):
    np.testing.assert_array_equal(find_matched(overlaps), clusters)


def test_labels_without_a_cluster_of_their_own_take_that_of_most_of_their_pixels():
    overlaps = np.array([[9, 1], [1, 9], [3, 2], [0, 1]])
    np.testing.assert_array_equal(
        match_clusters(overlaps, [0, 0]), [[0, 0], [1, 1], [0, 0], [1, 1]]
    )


def test_no_label_is_matched_to_a_cluster_that_it_does_not_overlap():
    # One to one, the second label would get the second or third cluster.
    np.testing.assert_array_equal(find_matched([[9, 0, 0], [4, 0, 0]]), [0, 0])


def test_pixels_may_stay_in_each_cluster_that_belongs_to_their_label():
    overlaps = np.array([[9, 5, 1, 0], [2, 1, 7, 3]])
    # The first two clusters are mostly the first label's, the others the second's.
    np.testing.assert_array_equal(match_clusters(overlaps, [0] * 4), [[0, 1, 0, 0], [2, 2, 2, 3]])


def test_a_mask_draws_its_pixels_out_of_clusters_that_are_mostly_outside():
    inside, outside = np.array([[9, 5, 1]]), np.array([2, 1, 7])
    np.testing.assert_array_equal(match_clusters(inside, outside), [[0, 1, 0]])
