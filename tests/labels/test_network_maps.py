"""What a user has painted is found whatever happens to the layer."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_dynaseg.labels.network_maps import NetworkMaps

HERE = (0, None, None)


def draw(*rows):
    return np.array(rows, np.int32)


def test_pixels_that_differ_from_the_networks_map_are_painted():
    maps = NetworkMaps()
    maps.remember(HERE, draw([1, 1, 2], [1, 2, 2]))
    painted = maps.find_painted(HERE, draw([1, 7, 2], [0, 2, 2]))
    np.testing.assert_array_equal(painted, [[False, True, False], [True, False, False]])


def test_what_is_undone_is_painted_no_more():
    maps = NetworkMaps()
    maps.remember(HERE, draw([1, 1, 2]))
    assert not maps.find_painted(HERE, draw([1, 1, 2])).any()


def test_a_painted_pixel_stays_painted_when_a_later_map_agrees_with_it():
    maps = NetworkMaps()
    maps.remember(HERE, draw([1, 1, 2]))
    painted = maps.find_painted(HERE, draw([7, 1, 2]))
    maps.remember(HERE, draw([7, 7, 2]), painted)
    np.testing.assert_array_equal(maps.find_painted(HERE, draw([7, 7, 2])), [[True, False, False]])


def test_whoever_notices_an_undo_leads_back_to_the_map_before():
    maps = NetworkMaps()
    maps.remember(HERE, draw([1, 1, 2, 2]))
    before = maps.list_current()
    maps.remember(HERE, draw([3, 3, 3, 2]))
    after = maps.list_current()
    maps.return_to(before)
    np.testing.assert_array_equal(
        maps.find_painted(HERE, draw([1, 9, 2, 2])), [[False, True, False, False]]
    )
    maps.return_to(after)
    assert not maps.find_painted(HERE, draw([3, 3, 3, 2])).any()


def test_what_was_painted_back_to_an_earlier_map_is_painted():
    maps = NetworkMaps()
    maps.remember(HERE, draw([1, 1, 2, 2]))
    maps.remember(HERE, draw([3, 1, 2, 2]))
    np.testing.assert_array_equal(
        maps.find_painted(HERE, draw([1, 1, 2, 2])), [[True, False, False, False]]
    )


def test_marked_pixels_are_painted_though_the_network_agrees():
    maps = NetworkMaps()
    maps.remember(HERE, draw([1, 1, 2]), np.array([[False, False, True]]))
    maps.mark_painted(HERE, np.array([[True, False, False]]))
    np.testing.assert_array_equal(maps.find_painted(HERE, draw([1, 1, 2])), [[True, False, True]])
    np.testing.assert_array_equal(maps.read_labels(HERE), [[1, 1, 2]])


def test_a_plane_without_a_map_has_nothing_painted_but_its_labels():
    np.testing.assert_array_equal(NetworkMaps().find_painted(HERE, draw([0, 3])), [[False, True]])


def test_planes_are_told_apart():
    maps = NetworkMaps()
    maps.remember(HERE, draw([1, 2]))
    maps.remember((1, None, None), draw([2, 2]))
    assert not maps.find_painted((1, None, None), draw([2, 2])).any()
    np.testing.assert_array_equal(maps.read_labels(HERE), [[1, 2]])
    assert maps.list_positions() == [HERE, (1, None, None)]


@given(
    st.lists(st.lists(st.integers(0, 4), min_size=12, max_size=12), min_size=2, max_size=5),
    st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_maps_and_masks_come_back_as_they_were(rows, painted):
    labels = np.array(rows, np.int32)
    mask = np.resize(np.array(painted), labels.shape)
    maps = NetworkMaps()
    maps.remember(HERE, labels, mask)
    np.testing.assert_array_equal(maps.read_labels(HERE), labels)
    np.testing.assert_array_equal(maps.find_painted(HERE, labels), mask)
