"""Which superpixels touch, and how visible that is."""

import numpy as np

from napari_dynaseg.regions.borders import measure_borders


def test_each_border_has_its_length_and_the_larger_contrasts_of_every_pair_of_pixels():
    superpixels = np.array([[0, 0, 1], [0, 2, 1]], np.int32)
    gradient = np.array([[1, 2, 5], [3, 4, 0]], np.float32)
    local = np.array([[2, 6]], np.float32)
    borders = measure_borders(superpixels, gradient, local)
    found = {
        tuple(sorted(pair)): figures
        for pair, *figures in zip(
            borders.ends.tolist(), borders.lengths, borders.contrasts.tolist(), strict=True
        )
    }
    assert found == {(0, 1): [1, [5, 6]], (0, 2): [2, [8, 4]], (1, 2): [1, [4, 6]]}
    assert borders.sizes.tolist() == [3, 2, 1]
    # Local contrast is known of every other row and column.
    assert borders.busyness.tolist() == [[2, 2], [2.5, 6], [4, 2]]


def test_a_background_of_thousands_of_neighbours_has_a_border_with_each():
    superpixels = np.zeros((301, 301), np.int32)
    superpixels[1::2, 1::2] = 1 + np.arange(150 * 150).reshape(150, 150)
    gradient, local = np.ones((301, 301), np.float32), np.ones((151, 151), np.float32)
    borders = measure_borders(superpixels, gradient, local)
    assert (borders.lengths == 4).all()
    np.testing.assert_array_equal(np.sort(borders.ends.max(1)), 1 + np.arange(150 * 150))
    assert not borders.ends.min(1).any()
