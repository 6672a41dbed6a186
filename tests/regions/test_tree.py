"""The tree of a plane: what it is cut into, and that cuts belong together."""

from itertools import pairwise

import numpy as np
import pytest

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.image.pixels import to_plane
from napari_dynaseg.image.synthetic import draw_image
from napari_dynaseg.labels.components import find_regions
from napari_dynaseg.regions import (
    appearance,
    borders,
    features,
    histograms,
    local_contrast,
    merging,
    speckle,
    watershed,
)
from napari_dynaseg.regions import tree as module
from napari_dynaseg.regions.tree import Tree, build_tree, warm_up_tree

DETAILS = [100.0, 75.0, 50.0, 25.0, 0.0]


def make_halves(channels=1, side=40):
    """Two halves, and noise."""
    plane = np.random.default_rng(0).normal(0.3, 0.02, (channels, side, side))
    plane[:, :, side // 2 :] += 0.4
    return np.clip(plane, 0, 1).astype(np.float32)


def make_noise(shape, seed=0):
    return np.random.default_rng(seed).random(shape).astype(np.float32)


def draw_plane(side):
    return to_plane(draw_image(side, side, 3))


@pytest.fixture(scope="module")
def drawn():
    return build_tree(draw_plane(256))


def make_tree():
    """Four superpixels: 0 takes 1, 2 takes 3, and 0 takes 2."""
    return Tree(
        np.array([[0, 1], [2, 3]], np.int32),
        np.array([0, 2, 0], np.int32),
        np.array([1, 3, 2], np.int32),
        np.array([70.0, 50.0, 20.0], np.float32),
    )


def test_the_larger_side_of_a_merge_keeps_its_number_and_the_smaller_gets_the_next():
    tree = make_tree()
    assert tree.number_regions(0).tolist() == [1, 1, 1, 1]
    assert tree.number_regions(30).tolist() == [1, 1, 2, 2]
    assert tree.number_regions(60).tolist() == [1, 1, 2, 3]
    assert tree.number_regions(99).tolist() == [1, 4, 2, 3]
    assert tree.cut(30).tolist() == [[1, 1], [2, 2]]


def test_a_merge_is_done_at_its_own_detail_and_below():
    tree = make_tree()
    assert [tree.count_regions(detail) for detail in (50.01, 50.0, 20.0)] == [3, 2, 1]


def test_two_seeds_are_never_joined_and_give_their_regions_their_numbers():
    tree = make_tree()
    assert tree.number_regions(0, np.array([5, 0, 9, 0])).tolist() == [5, 5, 9, 9]
    assert tree.number_regions(0, np.array([0, 5, 9, 5])).tolist() == [5, 5, 9, 5]


def test_a_region_without_a_seed_keeps_its_number_unless_that_is_a_seed():
    tree = make_tree()
    assert tree.number_regions(60, np.array([7, 0, 0, 0])).tolist() == [7, 7, 2, 3]
    numbers = tree.number_regions(60, np.array([3, 0, 0, 0])).tolist()
    assert numbers[:3] == [3, 3, 2]
    assert numbers[3] not in {1, 2, 3, 4}


@pytest.mark.parametrize("size", [24, 256])
def test_regions_are_connected_and_numbered_without_gaps(size, drawn):
    tree = drawn if size == 256 else build_tree(make_noise((2, size, size)))
    for detail in DETAILS:
        labels = tree.cut(detail)
        assert labels.dtype == np.int32
        assert labels.shape == (size, size)
        np.testing.assert_array_equal(np.unique(labels), 1 + np.arange(tree.count_regions(detail)))
        assert len(find_regions(labels).labels) - 1 == labels.max()


def test_a_finer_cut_only_divides_and_the_largest_number_is_the_latest(drawn):
    counts = [drawn.count_regions(detail) for detail in DETAILS]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 2 * counts[-1]
    for finer, coarser in pairwise(DETAILS):
        fine, coarse = drawn.cut(finer), drawn.cut(coarser)
        pairs = np.unique(np.stack([fine.ravel(), coarse.ravel()]), axis=1)
        assert len(pairs.T) == fine.max()
        kept = fine <= coarse.max()
        # A number that is in both cuts lies in the same place.
        np.testing.assert_array_equal(fine[kept], coarse[kept])


@pytest.mark.parametrize("size", [24, 256])
def test_seeds_hold_at_every_detail(size, drawn):
    tree = drawn if size == 256 else build_tree(make_noise((1, size, size)))
    count = len(tree.kept) + 1
    seeds = np.random.default_rng(1).choice([0, 0, 0, 0, 2, 7, 40], count).astype(np.int32)
    for detail in DETAILS:
        numbers = tree.number_regions(detail, seeds)
        np.testing.assert_array_equal(numbers[seeds > 0], seeds[seeds > 0])
        free = tree.number_regions(detail)
        # What has no seed anywhere near is as it would be without.
        untouched = ~np.isin(free, free[seeds > 0])
        pairs = np.unique(np.stack([numbers[untouched], free[untouched]]), axis=1)
        assert len(pairs.T) == len(np.unique(free[untouched])) == len(np.unique(pairs[0]))
        assert not np.isin(numbers[untouched], seeds).any()


@pytest.mark.parametrize("side", [40, 512])
def test_the_tree_is_the_same_in_every_run_and_with_any_number_of_threads(side):
    plane = draw_plane(side)
    threads = torch.get_num_threads()
    trees = []
    for count in (1, 2, 2):
        torch.set_num_threads(count)
        try:
            trees.append(build_tree(plane))
        finally:
            torch.set_num_threads(threads)
    for other in trees[1:]:
        for name in ("superpixels", "kept", "absorbed", "details"):
            np.testing.assert_array_equal(getattr(other, name), getattr(trees[0], name))


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
@pytest.mark.parametrize("side", [40, 256])
def test_noise_is_merged_and_what_differs_is_not(channels, side):
    tree = build_tree(make_halves(channels, side))
    labels = tree.cut(float(tree.details[-2]))
    assert labels.max() == 2
    assert len(np.unique(labels[:, : side // 2 - 2])) == 1
    assert len(np.unique(labels[:, side // 2 + 2 :])) == 1


@pytest.mark.parametrize("shape", [(1, 1, 2), (3, 1, 9), (1, 30, 30), (3, 256, 256), (2, 1, 1)])
def test_a_constant_plane_is_one_region(shape):
    tree = build_tree(np.full(shape, 0.5, np.float32))
    np.testing.assert_array_equal(tree.cut(100.0), np.ones(shape[1:]))
    assert tree.count_regions(50.0) == 1


@pytest.mark.parametrize("shape", [(1, 1, 2), (3, 2, 1)])
def test_two_pixels_are_a_plane(shape):
    plane = np.linspace(0, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    assert build_tree(plane).cut(50.0).shape == shape[1:]


def test_details_never_rise_and_are_numbers(drawn):
    assert (np.diff(drawn.details) <= 0).all()
    assert np.isfinite(drawn.details).all()
    assert drawn.details.dtype == np.float32


@pytest.mark.parametrize("channels", [1, 3])
def test_after_warming_up_nothing_is_compiled_whatever_the_plane(channels):
    warm_up_tree()
    modules = (
        *(appearance, borders, features, histograms),
        *(local_contrast, merging, speckle, watershed, module),
    )
    loops = [
        loop for each in modules for loop in vars(each).values() if hasattr(loop, "signatures")
    ]
    before = [len(loop.signatures) for loop in loops]
    for plane in (make_noise((channels, 300, 256)), np.ones((channels, 300, 20), np.float32)):
        plane.setflags(write=False)
        tree = build_tree(plane)
        tree.number_regions(50.0, np.zeros(len(tree.kept) + 1, np.int32))
    assert [len(loop.signatures) for loop in loops] == before
    assert len(loops) > 10
