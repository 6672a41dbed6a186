"""The regions that several networks make of a plane together."""

import numpy as np
import pytest

from napari_dynaseg.labels.components import find_regions
from napari_dynaseg.regions.ensemble import build_region_tree, merge_by_networks

SIDE = 40


def make_plane(channels=1):
    """Two halves and noise."""
    plane = np.random.default_rng(0).normal(0.3, 0.02, (channels, SIDE, SIDE))
    plane[:, :, SIDE // 2 :] += 0.4
    return np.clip(plane, 0, 1).astype(np.float32)


def make_probabilities(rows=False):
    """Two clusters that a network is sure of: the left and the right half, or the upper one."""
    upper = np.zeros((SIDE, SIDE), np.float32)
    upper[: SIDE // 2] = 1
    return np.stack([upper, 1 - upper]) if rows else np.stack([upper.T, 1 - upper.T])


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_noise_is_merged_and_what_differs_is_not(channels):
    labels = merge_by_networks(make_plane(channels), [make_probabilities()] * 2, 40.0)
    assert labels.dtype == np.int32
    assert labels.max() == 2
    assert len(np.unique(labels[:, : SIDE // 2 - 2])) == 1


def test_networks_can_tell_apart_what_the_plane_does_not():
    noise = np.random.default_rng(1).normal(0.5, 0.02, (1, SIDE, SIDE)).astype(np.float32)
    labels = merge_by_networks(noise, [make_probabilities(rows=True)] * 3, 40.0)
    upper, lower = labels[: SIDE // 2 - 3], labels[SIDE // 2 + 3 :]
    assert not np.intersect1d(upper, lower).size


def test_a_larger_mu_leaves_fewer_regions():
    plane = np.random.default_rng(2).random((1, SIDE, SIDE)).astype(np.float32)
    counts = [merge_by_networks(plane, [make_probabilities()], mu).max() for mu in (1, 20, 400)]
    assert counts[0] > counts[1] > counts[2]


def test_every_region_is_connected_and_numbered_by_falling_size():
    plane = np.random.default_rng(3).random((2, SIDE, SIDE)).astype(np.float32)
    labels = merge_by_networks(plane, [make_probabilities()], 20.0)
    assert len(find_regions(labels).labels) - 1 == labels.max()
    assert (np.diff(np.bincount(labels.ravel())[1:]) <= 0).all()


@pytest.mark.parametrize("shape", [(1, 1, 2), (3, 1, 9), (1, 30, 30)])
def test_a_constant_plane_is_one_region(shape):
    plane = np.full(shape, 0.5, np.float32)
    probability = np.ones((2, *shape[1:]), np.float32) / 2
    np.testing.assert_array_equal(merge_by_networks(plane, [probability], 40.0), 1)


def test_without_networks_the_plane_alone_counts():
    superpixels, tree = build_region_tree(make_plane(), [])
    assert superpixels.shape == (SIDE, SIDE)
    assert tree.count == superpixels.max() + 1 > 2
    assert tree.costs[-1] > 2 * tree.costs[-2]
