"""Labels of a guidance are matched to clusters by overlap, one to one as far as they go."""

import numpy as np
import pytest

from napari_dynaseg.guidance import match_clusters


@pytest.mark.parametrize(
    ("overlaps", "clusters"),
    [
        ([[5, 0, 0], [0, 0, 2]], [0, 2]),
        ([[9, 8], [8, 1]], [1, 0]),  # 8 + 8 is more than 9 + 1
        ([[0, 6, 0]], [1]),
    ],
)
def test_each_label_has_a_cluster_of_its_own_with_the_largest_overlap_in_sum(overlaps, clusters):
    np.testing.assert_array_equal(match_clusters(np.array(overlaps)), clusters)


def test_labels_without_a_cluster_of_their_own_take_that_of_most_of_their_pixels():
    overlaps = np.array([[9, 1], [1, 9], [3, 2], [0, 1]])
    np.testing.assert_array_equal(match_clusters(overlaps), [0, 1, 0, 1])


def test_no_label_is_matched_to_a_cluster_that_it_does_not_overlap():
    # One to one, the second label would get the second or third cluster.
    np.testing.assert_array_equal(match_clusters(np.array([[9, 0, 0], [4, 0, 0]])), [0, 0])
