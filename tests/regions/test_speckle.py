"""Speckle is given away; what is larger stays as it grew."""

import numpy as np
import pytest

from napari_dynaseg.image.pixels import to_plane
from napari_dynaseg.image.synthetic import draw_image
from napari_dynaseg.labels.components import find_regions
from napari_dynaseg.regions.appearance import Appearance
from napari_dynaseg.regions.speckle import SPECKLE_PIXELS, absorb_speckle
from napari_dynaseg.regions.watershed import grow_superpixels


def make_row(*sizes):
    return np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)[None]


def absorb(superpixels, relief):
    return absorb_speckle(superpixels.copy(), relief)


@pytest.mark.parametrize(("left", "right", "goal"), [(3, 5, 0), (5, 3, 1)])
def test_speckle_goes_to_the_neighbour_over_the_lowest_pass(left, right, goal):
    superpixels = make_row(10, SPECKLE_PIXELS - 1, 10)
    relief = np.zeros(superpixels.shape, np.float32)
    relief[0, 9], relief[0, -10] = left, right
    found = absorb(superpixels, relief)
    assert found[0, 12] == goal
    assert np.bincount(found[0])[goal] == 10 + SPECKLE_PIXELS - 1


def test_what_is_large_enough_is_left_alone():
    superpixels = make_row(SPECKLE_PIXELS, SPECKLE_PIXELS, 20)
    np.testing.assert_array_equal(absorb(superpixels, superpixels * np.float32(0)), superpixels)


def test_speckle_beside_speckle_is_joined_until_it_is_large_enough():
    superpixels = np.arange(256 * 256, dtype=np.int32).reshape(256, 256)
    found = absorb(superpixels, np.random.default_rng(0).random((256, 256)).astype(np.float32))
    assert np.bincount(found.ravel()).min() >= SPECKLE_PIXELS


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (2, 3)])
def test_a_plane_that_is_smaller_than_speckle_is_one_superpixel(shape):
    superpixels = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    assert not absorb(superpixels, np.ones(shape, np.float32)).any()


@pytest.mark.parametrize("side", [40, 256])
def test_superpixels_stay_whole_connected_and_numbered_without_gaps(side, pool):
    _, relief = Appearance(to_plane(draw_image(side, side, 3)), pool).measure_gradients()
    before = grow_superpixels(relief)
    after = absorb(before, relief)
    assert len(np.unique(np.stack([before.ravel(), after.ravel()]), axis=1).T) == before.max() + 1
    np.testing.assert_array_equal(np.unique(after), np.arange(after.max() + 1))
    assert len(find_regions(after + 1).labels) - 1 == after.max() + 1
    lowest = np.full(after.max() + 1, before.size)
    np.minimum.at(lowest, after.ravel(), before.ravel())
    assert (np.diff(lowest) > 0).all()
