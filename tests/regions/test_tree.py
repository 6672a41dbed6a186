"""The tree of merges: which regions come together first, and where it is cut."""

import numpy as np
import pytest

from napari_dynaseg.regions import tree as module
from napari_dynaseg.regions.tree import SPECKLE_PIXELS, Graph, build_tree

LARGE = 100 * SPECKLE_PIXELS


def make_chain(values, sizes=None, contrasts=None, lengths=None, gradients=None):
    """Regions in a row, each touching the next; values are the roots of shares, or histograms."""
    count = len(values)
    ones = np.arange(count - 1)
    return Graph(
        np.array(values) if np.ndim(values) == 2 else np.square(values)[:, None],
        np.array(sizes or [LARGE] * count),
        np.array(gradients or [0.0] * count),
        np.stack([ones, ones + 1]),
        np.array(lengths or [10] * (count - 1)),
        np.array(contrasts or [1.0] * (count - 1)),
    )


def test_the_most_alike_merge_first():
    tree = build_tree(make_chain([0.0, 5.0, 5.1, 9.0]))
    assert (tree.kept[0], tree.absorbed[0]) == (1, 2)
    np.testing.assert_array_equal(tree.cut(tree.costs[0]), [0, 1, 1, 2])


def test_a_border_that_nobody_sees_goes_before_one_that_is_visible():
    tree = build_tree(make_chain([0.0, 1.0, 2.0], contrasts=[0.9, 0.1]))
    np.testing.assert_array_equal(tree.cut(tree.costs[0]), [0, 1, 1])


def test_what_is_merged_is_compared_by_its_mean():
    tree = build_tree(make_chain([0.0, 1.0, 3.0], sizes=[LARGE, 4 * LARGE, LARGE]))
    np.testing.assert_array_equal(tree.cut(tree.costs[0]), [0, 0, 1])
    # From √0.8, the root of the mean of both, to 3, and not from 1.
    differences = np.square(tree.costs)
    assert differences[1] / differences[0] > 2.1


def test_a_few_pixels_of_another_colour_count_for_more_than_their_number():
    shares = [[1.0, 0.0, 0.0], [0.5, 0.1, 0.4], [0.3, 0.1, 0.6]]
    tree = build_tree(make_chain(shares))
    np.testing.assert_array_equal(tree.cut(tree.costs[0]), [0, 1, 1])
    # The middle differs from the left by a tenth that the left has not at all; from the right by
    # more than that, but of what both have.
    rare = [[0.9, 0.0, 0.1], [0.9, 0.1, 0.0], [0.75, 0.25, 0.0]]
    tree = build_tree(make_chain(rare))
    np.testing.assert_array_equal(tree.cut(tree.costs[0]), [0, 1, 1])


def test_the_histogram_of_what_is_merged_is_that_of_all_its_pixels():
    shares = [[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]]
    tree = build_tree(make_chain(shares, [LARGE, 3 * LARGE, LARGE]))
    # What is left at last: 0.925 and 0.075 against 0 and 1.
    expected = np.sqrt(np.hypot(np.sqrt(0.925), 1 - np.sqrt(0.075)))
    share, outline = (4 * LARGE * LARGE) / (5 * LARGE) / (5 * LARGE), 1.0
    busy = module.QUIET_GRADIENT**module.BUSY_POWER
    cost = expected / np.sqrt(busy) * share**module.SIZE_POWER * outline
    assert tree.costs[-1] == pytest.approx(cost)


def test_a_border_counts_less_between_regions_that_are_full_of_gradients_themselves():
    busy_left = make_chain([0.0, 1.0, 2.0], gradients=[3.0, 3.0, 0.0])
    tree = build_tree(busy_left)
    np.testing.assert_array_equal(tree.cut(tree.costs[0]), [0, 0, 1])


def test_a_region_of_many_neighbours_is_not_reckoned_anew_at_every_merge(monkeypatch):
    random = np.random.default_rng(5)
    count = 400
    spokes = np.arange(1, count + 1)
    star = Graph(
        np.concatenate([[0.0], random.random(count)])[:, None],
        np.array([1000 * LARGE] + [LARGE] * count),
        np.zeros(count + 1),
        np.stack([np.zeros_like(spokes), spokes]),
        np.full(count, 10),
        np.ones(count),
    )
    quick = build_tree(star)
    monkeypatch.setattr(module, "NOTABLE_GROWTH", 1.0)
    exact = build_tree(star)
    np.testing.assert_allclose(quick.costs, exact.costs, rtol=0.05)
    assert len(quick.costs) == len(exact.costs) == count


def test_regions_that_hardly_touch_stay_apart_longer():
    alike = make_chain([0.0, 1.0, 2.0], lengths=[90, 10])
    np.testing.assert_array_equal(build_tree(alike).cut(build_tree(alike).costs[0]), [0, 0, 1])


def test_speckle_goes_first_to_its_most_similar_neighbour():
    graph = make_chain([0.0, 5.0, 6.0, 6.1], sizes=[LARGE, SPECKLE_PIXELS - 1, LARGE, LARGE])
    np.testing.assert_array_equal(build_tree(graph).cut(0.01), [0, 1, 1, 2])


def test_cutting_at_nothing_leaves_all_and_at_everything_one():
    tree = build_tree(make_chain([0.0, 1.0, 4.0, 9.0]))
    np.testing.assert_array_equal(tree.cut(0.0), [0, 1, 2, 3])
    np.testing.assert_array_equal(tree.cut(np.inf), [0, 0, 0, 0])


def test_costs_never_fall_and_a_number_of_regions_has_its_cost():
    random = np.random.default_rng(3)
    tree = build_tree(make_chain(random.random(40).tolist()))
    assert (np.diff(tree.costs) >= 0).all()
    for regions in (1, 7, 39):
        assert tree.find_cost(regions) == tree.costs[40 - regions - 1]
        assert tree.cut(tree.find_cost(regions)).max() + 1 <= regions
    assert tree.find_cost(40) == tree.find_cost(99) == 0.0


def test_a_border_shared_with_both_is_the_sum_of_two():
    ring = Graph(
        np.array([[0.0], [0.1], [5.0], [5.2]]),
        np.array([LARGE] * 4),
        np.zeros(4),
        np.array([[0, 1, 2, 0], [1, 2, 3, 3]]),
        np.array([10, 10, 10, 10]),
        np.array([1.0, 1.0, 1.0, 1.0]),
    )
    tree = build_tree(ring)
    np.testing.assert_array_equal(tree.cut(tree.costs[1]), [0, 0, 1, 1])
    assert len(tree.costs) == 3


@pytest.mark.parametrize("count", [1, 2])
def test_regions_that_do_not_touch_are_left_alone(count):
    nothing = np.zeros((2, 0), int)
    none = np.zeros(count)
    graph = Graph(none[:, None], none + LARGE, none, nothing, nothing[0], np.zeros(0))
    tree = build_tree(graph)
    assert tree.find_cost(1) == 0.0
    np.testing.assert_array_equal(tree.cut(np.inf), range(count))
