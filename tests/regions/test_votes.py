"""Votes: each region's kind is the cluster that most of its pixels have."""

import numpy as np

from napari_dynaseg.regions import votes as module
from napari_dynaseg.regions.votes import Votes

SUPERPIXELS = np.array([[0, 0, 0, 1], [2, 2, 2, 1]], np.int32)
CLUSTERS = np.array([[5, 5, 3, 3], [3, 3, 8, 8]], np.int32)


def test_only_pairs_that_occur_are_counted():
    votes = Votes.count(SUPERPIXELS, CLUSTERS)
    found = zip(votes.superpixels, votes.clusters, votes.counts, strict=True)
    expected = [(0, 3, 1), (0, 5, 2), (1, 3, 1), (1, 8, 1), (2, 3, 2), (2, 8, 1)]
    assert list(map(tuple, np.array(list(found)).tolist())) == expected


def test_a_region_has_the_kind_of_most_of_its_pixels():
    votes = Votes.count(SUPERPIXELS, CLUSTERS)
    np.testing.assert_array_equal(votes.choose(np.array([1, 2, 3])), [5, 3, 3])
    np.testing.assert_array_equal(votes.choose(np.array([9, 9, 4])), [3, 3, 3])


def test_of_two_kinds_with_as_many_pixels_the_lower_one_counts():
    votes = Votes.count(np.zeros((1, 4), np.int32), np.array([[7, 2, 7, 2]], np.int32))
    np.testing.assert_array_equal(votes.choose(np.array([1])), [2])


def test_numbers_of_regions_may_be_huge():
    votes = Votes.count(SUPERPIXELS, CLUSTERS)
    kinds = votes.choose(np.array([2**31 - 1, 7, 2**31 - 1]))
    np.testing.assert_array_equal(kinds, [3, 3, 3])


def test_a_superpixel_that_nobody_has_counted_has_no_kind():
    votes = Votes.count(np.array([[0, 2]], np.int32), np.array([[4, 6]], np.int32))
    np.testing.assert_array_equal(votes.choose(np.arange(3)), [4, 0, 6])


def test_a_plane_of_usual_size_counts_as_one_counted_in_parts(monkeypatch):
    rng = np.random.default_rng(0)
    superpixels = rng.integers(0, 3_000, (512, 512)).astype(np.int32)
    clusters = rng.integers(1, 101, (512, 512)).astype(np.int32)
    whole = Votes.count(superpixels, clusters)
    monkeypatch.setattr(module, "PIXELS_AT_A_TIME", 10_000)
    parts = Votes.count(superpixels, clusters)
    np.testing.assert_array_equal(whole.counts, parts.counts)
    assert whole.counts.sum() == 512 * 512
    expected = np.bincount(clusters[superpixels == 7], minlength=101).argmax()
    assert whole.choose(np.arange(3_000))[7] == expected
