"""Edits of regions: merge, split, specks, delete, renumber; and what holds for all of them."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from napari_dynaseg.errors import EditError
from napari_dynaseg.labels import edits, outlines
from napari_dynaseg.labels.components import find_regions
from napari_dynaseg.labels.scope import Scope

EDITS = {
    "merge regions": partial(edits.merge_regions, points=[(0, 0), (2, 2), (4, 3)]),
    "delete": edits.delete,
    "split into parts": edits.split_into_parts,
    "split touching": partial(edits.split_touching, distance=1),
    "remove specks": partial(edits.remove_specks, size=3),
    "relabel": edits.relabel_in_sequence,
    "make objects": edits.make_objects,
    "fill holes": outlines.fill_holes,
    "grow": partial(outlines.grow, radius=1),
    "shrink": partial(outlines.shrink, radius=1),
    "smooth": partial(outlines.smooth, radius=2),
}
IDEMPOTENT = [
    "merge regions",
    "delete",
    "split into parts",
    "remove specks",
    "relabel",
    "make objects",
    "fill holes",
]

TAKE_CHOSEN = sorted(EDITS.keys() - {"merge regions", "make objects", "relabel"})

label_maps = npst.arrays(np.int32, (5, 4), elements=st.integers(0, 4))
masks = npst.arrays(np.bool_, (5, 4))


def to_labels(*rows):
    return np.array(rows, np.int32)


def check(result, *rows):
    np.testing.assert_array_equal(result, rows)
    assert result.dtype == np.int32


@pytest.mark.parametrize("name", EDITS)
@given(labels=label_maps, where=masks)
def test_nothing_changes_outside_the_mask(name, labels, where):
    edited = EDITS[name](labels, scope=Scope(where=where))
    np.testing.assert_array_equal(edited[~where], labels[~where])


@pytest.mark.parametrize("name", EDITS)
@given(labels=label_maps, locked=st.sets(st.integers(1, 4), min_size=1))
def test_locked_labels_neither_lose_nor_gain_a_pixel(name, labels, locked):
    edited = EDITS[name](labels, scope=Scope(locked=locked))
    for number in locked:
        np.testing.assert_array_equal(edited == number, labels == number)


@pytest.mark.parametrize("name", EDITS)
@given(labels=label_maps)
def test_the_map_itself_stays_as_it_was(name, labels):
    before = labels.copy()
    edited = EDITS[name](labels)
    np.testing.assert_array_equal(labels, before)
    assert not np.shares_memory(edited, labels)
    assert (edited.dtype, edited.shape) == (labels.dtype, labels.shape)


@pytest.mark.parametrize("name", IDEMPOTENT)
@given(labels=label_maps)
def test_doing_it_again_changes_nothing(name, labels):
    once = EDITS[name](labels)
    np.testing.assert_array_equal(EDITS[name](once), once)


@pytest.mark.parametrize("name", sorted(EDITS.keys() - {"merge regions"}))
@given(labels=label_maps)
def test_a_plane_in_a_stack_of_one_is_edited_like_a_plane(name, labels):
    np.testing.assert_array_equal(EDITS[name](labels[None])[0], EDITS[name](labels))


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("shape", [(3, 4, 6), (3, 3, 4, 6)])
def test_a_stack_is_edited_as_a_whole(name, shape):
    labels = np.random.default_rng(2).integers(5, 8, shape, np.int32)
    labels[(slice(3),) * len(shape)] = 5
    labels[(1,) * len(shape)] = 0
    call = EDITS[name]
    if name == "merge regions":
        rows = [np.argwhere(labels == number)[0] for number in (5, 6)]
        call = partial(edits.merge_regions, points=rows)
    assert (call(labels) != labels).any()


@pytest.mark.parametrize("name", TAKE_CHOSEN)
@given(labels=label_maps)
def test_with_nothing_chosen_nothing_changes(name, labels):
    edited = EDITS[name](labels, scope=Scope(np.zeros(labels.shape, bool)))
    np.testing.assert_array_equal(edited, labels)


def test_a_mask_of_another_shape_is_refused():
    with pytest.raises(EditError, match="mask of shape"):
        edits.delete(to_labels([1, 2]), Scope(np.ones((1, 3), bool)))


def test_regions_merge_into_the_first_and_others_of_their_labels_stay():
    labels = to_labels([4, 7, 2, 7, 4])
    check(edits.merge_regions(labels, [(0, 1), (0, 2)]), [4, 7, 7, 7, 4])
    check(edits.merge_regions(labels, [(0, 4), (0, 3)]), [4, 7, 2, 4, 4])


def test_points_on_0_neither_merge_nor_delete():
    labels = to_labels([0, 7, 2])
    check(edits.merge_regions(labels, [(0, 0), (0, 1), (0, 2)]), [0, 7, 7])
    check(edits.merge_regions(labels, [(0, 0)]), [0, 7, 2])


def test_nothing_merges_into_a_locked_label():
    check(edits.merge_regions(to_labels([4, 7]), [(0, 0), (0, 1)], Scope(locked=[4])), [4, 7])


def test_deleted_pixels_become_0():
    labels = to_labels([4, 7, 4])
    check(edits.delete(labels, Scope(labels == 4)), [0, 7, 0])


def test_the_largest_part_keeps_the_number_and_others_get_new_ones():
    labels = to_labels([5, 0, 5, 5, 1, 5, 1])
    check(edits.split_into_parts(labels), [6, 0, 5, 5, 1, 7, 8])
    check(edits.split_into_parts(labels, Scope(labels == 1, above=20)), [5, 0, 5, 5, 1, 5, 21])


def test_of_two_parts_of_one_size_the_first_keeps_the_number():
    check(edits.split_into_parts(to_labels([5, 0, 5])), [5, 0, 6])


def test_parts_outside_the_mask_use_no_number_up():
    where = np.array([[False, False, False, False, True]])
    check(edits.split_into_parts(to_labels([5, 5, 0, 5, 5]), Scope(where=where)), [5, 5, 0, 5, 6])
    labels = to_labels([5, 5, 0, 5, 9])
    check(edits.split_into_parts(labels, Scope(where=~where)), [5, 5, 0, 10, 9])


def draw_disks(*middles, radius=6, shape=(21, 40)):
    rows, columns = np.indices(shape)
    disks = [(rows - r) ** 2 + (columns - c) ** 2 <= radius**2 for r, c in middles]
    return np.any(disks, axis=0).astype(np.int32)


def test_disks_that_touch_are_cut_where_they_touch():
    labels = 3 * draw_disks((10, 8), (10, 19), (10, 33))
    split = edits.split_touching(labels, 4)
    assert set(np.unique(split)) == {0, 3, 4}
    left, right = split[10, 8], split[10, 19]
    assert left != right
    np.testing.assert_array_equal(split[:, :13] > 0, split[:, :13] == left)
    np.testing.assert_array_equal(split[:, 15:26] > 0, split[:, 15:26] == right)
    assert split[10, 33] == 3  # a part that is not cut keeps its number


def test_balls_that_touch_are_cut_in_three_dimensions():
    z, y, x = np.indices((15, 15, 27))
    ball = [(z - 7) ** 2 + (y - 7) ** 2 + (x - at) ** 2 <= 36 for at in (7, 18)]
    split = edits.split_touching((ball[0] | ball[1]).astype(np.int32), 4)
    assert split[7, 7, 7] != split[7, 7, 18]
    assert len(np.unique(split)) == 3


def test_pieces_closer_than_the_distance_stay_together():
    labels = draw_disks((10, 8), (10, 19))
    np.testing.assert_array_equal(edits.split_touching(labels, 15), labels)


def test_a_speck_goes_to_the_neighbour_that_it_touches_most():
    labels = to_labels([1, 1, 1, 2], [1, 9, 9, 2], [3, 3, 2, 2], [3, 3, 2, 2])
    check(
        edits.remove_specks(labels, 3),
        [1, 1, 1, 2],
        [1, 1, 1, 2],
        [3, 3, 2, 2],
        [3, 3, 2, 2],
    )


def test_specks_inside_specks_are_absorbed_too():
    labels = to_labels([1, 1, 1, 1, 1], [1, 5, 6, 5, 1], [1, 1, 1, 1, 1])
    check(edits.remove_specks(labels, 2), *[[1] * 5] * 3)


def test_specks_on_0_become_0_and_small_holes_are_no_specks():
    check(edits.remove_specks(to_labels([0, 4, 0, 7, 7]), 2), [0, 0, 0, 7, 7])


def test_specks_alone_are_gathered_by_the_largest():
    check(edits.remove_specks(to_labels([1, 2, 2, 3]), 10), [2, 2, 2, 2])


def test_locked_labels_absorb_no_speck():
    labels = to_labels([1, 1, 1], [1, 9, 2], [1, 2, 2])
    check(edits.remove_specks(labels, 2, Scope(locked=[1])), [1, 1, 1], [1, 2, 2], [1, 2, 2])
    check(edits.remove_specks(to_labels([1, 1, 9]), 2, Scope(locked=[1])), [1, 1, 9])


def test_only_chosen_specks_are_removed():
    labels = to_labels([1, 1, 9, 1, 1, 8, 1])
    check(edits.remove_specks(labels, 2, Scope(labels == 9)), [1, 1, 1, 1, 1, 8, 1])


def test_no_region_below_the_size_remains():
    labels = np.random.default_rng(1).integers(1, 5, (30, 30), np.int32)
    cleaned = edits.remove_specks(labels, 12)
    assert find_regions(cleaned).sizes[1:].min() >= 12


def test_relabelling_keeps_the_order_of_numbers_and_leaves_no_gap():
    check(edits.relabel_in_sequence(to_labels([9, 0, 40, 2, 9])), [2, 0, 3, 1, 2])


def test_relabelling_never_joins_labels_with_those_that_stay():
    labels = to_labels([9, 1, 40, 2])
    where = np.array([[True, False, True, True]])
    check(edits.relabel_in_sequence(labels, Scope(where=where)), [3, 1, 4, 2])
    check(edits.relabel_in_sequence(labels, Scope(locked=[2])), [3, 1, 4, 2])
    check(edits.relabel_in_sequence(labels, Scope(locked=[3])), [4, 1, 5, 2])


def test_chosen_clusters_that_touch_make_one_object():
    labels = to_labels([1, 2, 3, 1], [1, 1, 1, 2])
    check(edits.make_objects(labels, Scope(labels != 1)), [0, 1, 1, 0], [0, 0, 0, 2])


def test_objects_get_numbers_that_nothing_left_has():
    labels = to_labels([1, 2, 7, 2, 2])
    where = np.array([[True, True, True, True, False]])
    check(edits.make_objects(labels, Scope(labels == 2, where=where)), [0, 3, 0, 4, 2])
    check(edits.make_objects(labels, Scope(labels == 2, locked=[7])), [0, 8, 7, 9, 9])
    check(edits.make_objects(labels, Scope(labels == 2, above=20)), [0, 21, 0, 22, 22])
