"""Which regions are merged first, and what a merge costs."""

import numpy as np
import pytest
from tests.regions.plain_merging import merge_plainly

from napari_dynaseg.regions import merging as module
from napari_dynaseg.regions.appearance import Appearance
from napari_dynaseg.regions.borders import CUES, Borders, measure_borders
from napari_dynaseg.regions.merging import merge_regions
from napari_dynaseg.regions.watershed import grow_superpixels

LARGE = 1000


def make_chain(values, sizes=None, contrasts=None, lengths=None, busyness=None):
    """Regions in a row, each touching the next; values are the roots of shares, or histograms.

    Contrasts and busyness are those of both cues, or one figure for both.
    """
    count = len(values)
    ones = np.arange(count - 1)
    lengths = np.array(lengths or [10] * (count - 1), float)
    histograms = np.array(values) if np.ndim(values) == 2 else np.square(values)[:, None]
    return histograms.astype(np.float32), Borders(
        np.stack([ones, ones + 1], axis=1).astype(np.int32),
        lengths,
        lengths[:, None] * spread_cues(contrasts or [1.0] * (count - 1)),
        np.array(sizes or [LARGE] * count, float),
        spread_cues(busyness or [0.0] * count),
    )


def spread_cues(figures):
    return np.array([np.broadcast_to(each, CUES) for each in figures], float)


def merge_chain(*args, **kwargs):
    """Give the pairs that are merged, in their order, and the costs."""
    merges = merge_regions(*make_chain(*args, **kwargs))
    return list(zip(merges.kept.tolist(), merges.absorbed.tolist(), strict=True)), merges.costs


def test_the_most_alike_merge_first():
    assert merge_chain([0.0, 5.0, 5.1, 9.0])[0][0] == (1, 2)


def test_the_larger_keeps_its_number():
    assert merge_chain([0.0, 1.0], sizes=[LARGE, LARGE + 1])[0] == [(1, 0)]


@pytest.mark.parametrize("hidden", [(0.1, 0.9), (0.9, 0.1)], ids=["gradient", "local contrast"])
def test_a_border_that_nobody_sees_goes_before_one_that_is_visible(hidden):
    assert merge_chain([0.0, 1.0, 2.0], contrasts=[0.9, hidden])[0][0] == (1, 2)


def test_what_is_merged_is_compared_by_its_mean():
    merges, costs = merge_chain([0.0, 1.0, 3.0], sizes=[LARGE, 4 * LARGE, LARGE])
    assert merges == [(1, 0), (1, 2)]
    # From √0.8, the root of the mean of both, to 3, and not from 1.
    assert (costs[1] / costs[0]) ** 2 > 2.1


def test_a_few_pixels_of_another_colour_count_for_more_than_their_number():
    shares = [[1.0, 0.0, 0.0], [0.5, 0.1, 0.4], [0.3, 0.1, 0.6]]
    assert merge_chain(shares)[0][0] == (1, 2)
    # The middle differs from the left by a tenth that the left has not at all; from the right by
    # more than that, but of what both have.
    rare = [[0.9, 0.0, 0.1], [0.9, 0.1, 0.0], [0.75, 0.25, 0.0]]
    assert merge_chain(rare)[0][0] == (1, 2)


def test_the_histogram_of_what_is_merged_is_that_of_all_its_pixels():
    shares = [[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]]
    _, costs = merge_chain(shares, [LARGE, 3 * LARGE, LARGE])
    # What is left at last: 0.925 and 0.075 against 0 and 1.
    expected = np.sqrt(np.hypot(np.sqrt(0.925), 1 - np.sqrt(0.075)))
    share, outline = (4 * LARGE * LARGE) / (5 * LARGE) / (5 * LARGE), 1.0
    contrast = np.prod((1 + module.LEAST_CONTRAST) ** np.array(module.CONTRAST_POWERS))
    quiet = np.prod(module.QUIET ** np.array(module.BUSY_POWERS))
    cost = expected * contrast / quiet * share**module.SIZE_POWER * outline
    assert costs[-1] == pytest.approx(cost, rel=1e-6)


@pytest.mark.parametrize("busy", [(3.0, 0.0), (0.0, 3.0)], ids=["gradients", "local contrast"])
def test_a_border_counts_less_between_regions_that_are_busy_themselves(busy):
    assert merge_chain([0.0, 1.0, 2.0], busyness=[busy, busy, 0.0])[0][0] == (0, 1)


def test_regions_that_hardly_touch_stay_apart_longer():
    assert merge_chain([0.0, 1.0, 2.0], lengths=[90, 10])[0][0] == (0, 1)


def test_a_border_shared_with_both_is_the_sum_of_two():
    histograms = np.array([[0.0], [0.1], [5.0], [5.2]], np.float32)
    ends = np.array([[0, 1], [1, 2], [2, 3], [0, 3]], np.int32)
    tens, large = np.full(4, 10.0), np.full(4, float(LARGE))
    contrasts, quiet = np.full((4, CUES), 10.0), np.zeros((4, CUES))
    merges = merge_regions(histograms, Borders(ends, tens, contrasts, large, quiet))
    assert merges.kept.tolist() == [2, 0, 0]
    assert merges.absorbed.tolist() == [3, 1, 2]


@pytest.mark.parametrize("count", [1, 2])
def test_regions_that_do_not_touch_are_left_alone(count):
    ends, contrasts, quiet = (
        np.zeros((0, 2), np.int32),
        np.zeros((0, CUES)),
        np.zeros((count, CUES)),
    )
    alone = Borders(ends, np.zeros(0), contrasts, np.ones(count), quiet)
    assert not len(merge_regions(np.ones((count, 3), np.float32), alone).kept)


def test_a_region_of_many_neighbours_is_not_reckoned_anew_at_every_merge():
    random = np.random.default_rng(5)
    count = 20_000
    spokes = np.arange(1, count + 1, dtype=np.int32)
    star = Borders(
        np.stack([np.zeros_like(spokes), spokes], axis=1),
        np.full(count, 10.0),
        np.full((count, CUES), 10.0),
        np.array([1000.0 * LARGE] + [LARGE] * count),
        np.zeros((count + 1, CUES)),
    )
    values = np.concatenate([[0.0], random.random(count)]).astype(np.float32)
    merges = merge_regions(values[:, None], star)
    np.testing.assert_array_equal(np.sort(merges.absorbed), spokes)


@pytest.mark.parametrize(("side", "channels"), [(9, 1), (24, 3), (48, 2)])
def test_the_compiled_loop_merges_as_the_plain_one(side, channels, pool):
    plane = np.random.default_rng(side).random((channels, side, side)).astype(np.float32)
    plane[:, side // 3 :] /= 3
    appearance = Appearance(plane, pool)
    gradient, relief = appearance.measure_gradients()
    superpixels = grow_superpixels(relief)
    borders = measure_borders(superpixels, gradient, appearance.measure_local_contrast())
    histograms = appearance.measure_histograms(superpixels, borders.sizes)
    ones, others, costs = zip(*merge_plainly(histograms, borders), strict=True)
    merges = merge_regions(histograms, borders)
    np.testing.assert_array_equal(merges.kept, ones)
    np.testing.assert_array_equal(merges.absorbed, others)
    np.testing.assert_allclose(merges.costs, np.maximum.accumulate(costs), rtol=1e-4)
