"""Regions are the connected parts of labels, in any dimension."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import ndimage

from napari_dynaseg.errors import EditError
from napari_dynaseg.labels.components import (
    find_regions,
    select_regions,
    trace_line,
)


def to_labels(*rows):
    return np.array(rows, np.int32)


def test_pixels_that_touch_by_an_edge_make_a_region_and_by_a_corner_do_not():
    regions = find_regions(to_labels([4, 4, 0], [0, 0, 4], [7, 7, 4]))
    np.testing.assert_array_equal(regions.map, [[1, 1, 0], [0, 0, 2], [3, 3, 2]])
    np.testing.assert_array_equal(regions.labels, [0, 4, 4, 7])
    np.testing.assert_array_equal(regions.sizes, [3, 2, 2, 2])


def test_a_map_of_0_has_no_region():
    regions = find_regions(to_labels([0, 0]))
    np.testing.assert_array_equal(regions.labels, [0])
    assert list(regions.iterate()) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (1, 3, 1, 4), (0, 3)])
def test_axes_of_one_entry_or_none_do_no_harm(shape):
    regions = find_regions(np.ones(shape, np.int32))
    assert regions.map.shape == shape
    assert len(regions.labels) == 1 + (np.prod(shape) > 0)


@given(
    npst.arrays(
        np.int32, npst.array_shapes(min_dims=1, max_dims=5, max_side=4), elements=st.integers(-1, 2)
    )
)
def test_regions_are_those_of_each_label_alone_in_up_to_five_dimensions(labels):
    regions = find_regions(labels)
    assert (regions.labels[regions.map] == labels).all()
    assert len(np.unique(regions.map[labels != 0])) == len(regions.labels) - 1
    for number in np.unique(labels[labels != 0]):
        _, count = ndimage.label(labels == number)
        assert count == (regions.labels[1:] == number).sum()


def test_the_box_of_a_region_is_one_pixel_wider_where_there_is_room():
    boxes = dict(find_regions(to_labels([9, 0, 0, 0, 3, 0, 0])).iterate())
    assert boxes == {1: (slice(0, 2), slice(0, 2)), 2: (slice(0, 2), slice(3, 6))}


def test_a_point_selects_its_region_and_no_other_of_the_label():
    labels = to_labels([4, 4, 0, 4])
    np.testing.assert_array_equal(select_regions(labels, [(0, 1)]), [[1, 1, 0, 0]])
    np.testing.assert_array_equal(select_regions(labels, [(0, 0), (0, 3)]), [[1, 1, 0, 1]])
    assert not select_regions(labels, [(0, 2)]).any()


def test_a_region_goes_on_through_the_planes_of_a_stack():
    stack = to_labels([[4, 0], [0, 0]], [[4, 4], [0, 7]], [[0, 4], [7, 7]])
    selected = select_regions(stack, [(0, 0, 0)])
    np.testing.assert_array_equal(selected, stack == 4)


@pytest.mark.parametrize("point", [(0, 4), (-1, 0), (0,)])
def test_a_point_outside_is_refused(point):
    with pytest.raises(EditError, match="inside a map of shape"):
        select_regions(to_labels([4, 4, 0, 4]), [point])


def test_a_line_lists_each_pixel_once_in_order_and_only_those_inside():
    assert trace_line([(1, -2), (1, 1), (1, 0)], (3, 3)) == [(1, 0), (1, 1)]
    assert trace_line([(2, 2)], (3, 3)) == [(2, 2)]
    assert trace_line([(9, 9), (8, 8)], (3, 3)) == []
