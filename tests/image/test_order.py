"""Which planes are trained on, and the way through the others."""

import pytest

from napari_dynaseg.image.order import find_parent, order_planes, spread_positions

LINE = [(z, None, None) for z in range(6)]
GRID = [(t, z, None, None) for t in range(3) for z in range(4)]


def test_planes_are_taken_outwards_from_the_start():
    order = [position[0] for position in order_planes(LINE, LINE[2])]
    assert order == [2, 1, 3, 0, 4, 5]


@pytest.mark.parametrize("start", GRID)
def test_every_plane_comes_after_its_parent_and_all_lead_to_the_start(start):
    order = order_planes(GRID, start)
    assert (order[0], sorted(order)) == (start, GRID)
    for place, position in enumerate(order[1:], 1):
        parent = find_parent(position, start)
        assert order.index(parent) < place
        assert sum(abs(a - b) for a, b in zip(position[:2], parent[:2], strict=True)) == 1


def test_the_start_has_no_parent():
    assert find_parent(GRID[5], GRID[5]) is None


def test_the_plane_of_an_image_without_a_stack_is_its_own_order():
    assert order_planes([(None, None)], (None, None)) == [(None, None)]


@pytest.mark.parametrize(
    ("count", "chosen"), [(1, [2]), (2, [2, 3]), (3, [2, 1, 4]), (6, [2, 0, 1, 3, 4, 5])]
)
def test_planes_to_train_on_are_the_start_and_others_spread_over_the_stack(count, chosen):
    assert [position[0] for position in spread_positions(LINE, LINE[2], count)] == chosen


def test_no_more_planes_are_trained_on_than_there_are():
    assert sorted(spread_positions(LINE, LINE[0], 64)) == LINE
