"""The cells that the project draws itself."""

import numpy as np
import pytest

from napari_dynaseg.image.synthetic import draw_cells

SHAPE = (8, 24, 32)


def test_a_stack_has_two_channels_of_uint16_and_one_map_of_true_labels():
    stack = draw_cells(SHAPE, cells=4)
    assert (stack.image.shape, stack.image.dtype) == ((2, *SHAPE), np.uint16)
    assert (stack.labels.shape, stack.labels.dtype) == (SHAPE, np.int32)


@pytest.mark.parametrize("cells", [1, 2, 5])
def test_every_cell_that_was_asked_for_is_there(cells):
    labels = draw_cells((16, 64, 64), cells=cells).labels
    assert np.unique(labels).tolist() == list(range(cells + 1))


def test_nuclei_shine_in_the_first_channel_and_membranes_in_the_second():
    stack = draw_cells((16, 64, 64), cells=3)
    inside = stack.labels > 0
    for channel in stack.image:
        assert channel[inside].mean() > 1.2 * channel[~inside].mean()
    # What is brightest in one channel is not what is brightest in the other.
    nuclei, membranes = (channel > np.percentile(channel, 99) for channel in stack.image)
    assert not (nuclei & membranes).any()


def test_one_seed_draws_one_stack_and_another_seed_another():
    first, again, other = (draw_cells(SHAPE, cells=2, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert (first.image != other.image).any()
