"""Superpixels: where water would gather."""

import numpy as np
import pytest
from skimage.segmentation import watershed

from napari_dynaseg.regions.watershed import grow_superpixels


@pytest.mark.parametrize("shape", [(1, 7), (9, 1), (12, 17), (256, 300)])
def test_they_are_those_of_the_watershed_by_flooding(shape):
    relief = np.random.default_rng(0).random(shape).astype(np.float32)
    np.testing.assert_array_equal(grow_superpixels(relief), watershed(relief, connectivity=1) - 1)


def test_a_flat_bottom_is_one_superpixel_and_a_flat_slope_belongs_to_the_nearest_edge():
    relief = np.array([[0, 0, 2, 2, 2, 2, 1]], np.float32)
    assert grow_superpixels(relief).tolist() == [[0, 0, 0, 0, 1, 1, 1]]


def test_where_all_is_flat_there_is_one():
    assert not grow_superpixels(np.zeros((5, 300), np.float32)).any()


def test_every_pixel_of_a_relief_of_few_heights_has_a_connected_superpixel():
    relief = np.random.default_rng(1).integers(0, 3, (256, 256)).astype(np.float32)
    superpixels = grow_superpixels(relief)
    assert superpixels.min() == 0
    from skimage.measure import label

    parts = label(superpixels, connectivity=1, background=-1)
    assert parts.max() == superpixels.max() + 1
