"""Which superpixels touch, and how visible that is."""

import numpy as np

from napari_dynaseg.regions.borders import measure_borders


def test_each_border_has_its_length_and_the_larger_gradient_of_every_pair_of_pixels():
    superpixels = np.array([[0, 0, 1], [0, 2, 1]], np.int32)
    gradient = np.array([[1, 2, 5], [3, 4, 0]], np.float32)
    borders = measure_borders(superpixels, gradient)
    found = {
        tuple(sorted(pair)): figures
        for pair, *figures in zip(
            borders.ends.tolist(), borders.lengths, borders.contrasts, strict=True
        )
    }
    assert found == {(0, 1): [1, 5], (0, 2): [2, 8], (1, 2): [1, 4]}
    assert borders.sizes.tolist() == [3, 2, 1]
    assert borders.gradients.tolist() == [2, 2.5, 4]


def test_a_background_of_thousands_of_neighbours_has_a_border_with_each():
    superpixels = np.zeros((301, 301), np.int32)
    superpixels[1::2, 1::2] = 1 + np.arange(150 * 150).reshape(150, 150)
    borders = measure_borders(superpixels, np.ones((301, 301), np.float32))
    assert (borders.lengths == 4).all()
    np.testing.assert_array_equal(np.sort(borders.ends.max(1)), 1 + np.arange(150 * 150))
    assert not borders.ends.min(1).any()
