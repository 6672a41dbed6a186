"""Which planes of a stack a text means."""

import pytest

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.selection import (
    check_plane,
    find_box,
    find_nearest,
    find_plane,
    list_box,
)

STACK = parse_axes("TCZYX", (9, 2, 4, 8, 8))
PLANE = parse_axes("YX", (8, 8))


@pytest.mark.parametrize(
    ("text", "indices"),
    [
        (None, (4, 2)),
        ("T=3,Z=1", (3, 1)),
        ("z=3", (4, 3)),
        (" Z = 0 , T = 8 ", (8, 0)),
    ],
)
def test_a_text_names_a_plane_and_leaves_axes_to_their_middle(text, indices):
    assert find_plane(STACK, text) == STACK.place(indices)


def test_an_image_of_one_plane_has_that_plane():
    assert find_plane(PLANE) == (None, None)
    assert list_box(PLANE, find_box(PLANE)) == [(None, None)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("T=9", "the plane must have T from 0 to 8; got '9'"),
        ("T=-1", "the plane must have T from 0 to 8; got '-1'"),
        ("T=", "the plane must have T from 0 to 8; got ''"),
        ("T=1:2", "the plane must have T from 0 to 8; got '1:2'"),
        ("C=0", "expected each of T=…, Z=… once at most; got 'C=0'"),
        ("T=1,T=2", "expected each of T=…, Z=… once at most; got 'T=1,T=2'"),
        ("3", "expected each of T=…, Z=… once at most; got '3'"),
        ("T", "expected each of T=…, Z=… once at most; got 'T'"),
    ],
)
def test_a_plane_that_is_not_there_is_refused(text, told):
    with pytest.raises(SettingsError, match=told):
        find_plane(STACK, text)


def test_one_plane_has_no_axis_to_name():
    with pytest.raises(SettingsError, match=r"expected each of no axis \(it is one plane\) once"):
        find_plane(PLANE, "T=0")


@pytest.mark.parametrize(
    ("text", "box"),
    [
        (None, (range(9), range(4))),
        ("T=2:5", (range(2, 5), range(4))),
        ("z=:3,t=7:", (range(7, 9), range(3))),
        ("T=0:9, Z=3:4", (range(9), range(3, 4))),
    ],
)
def test_a_text_names_ranges_without_their_stop(text, box):
    assert find_box(STACK, text) == box


@pytest.mark.parametrize("part", ["3", "5:5", "5:2", "0:10", "-2:3", "1:2:3", "a:b", ""])
def test_a_range_beyond_the_stack_is_refused(part):
    told = f"the range of T must be start:stop within 0:9, the stop left out; got '{part}'"
    with pytest.raises(SettingsError, match=told):
        find_box(STACK, f"T={part}")


def test_a_box_is_listed_with_its_last_axis_running_fastest():
    positions = list_box(STACK, (range(1, 3), range(2, 4)))
    assert positions == [STACK.place(at) for at in [(1, 2), (1, 3), (2, 2), (2, 3)]]


@pytest.mark.parametrize(
    ("start", "nearest"), [((0, 0), (2, 0)), ((3, 1), (3, 1)), ((8, 3), (4, 1))]
)
def test_a_plane_beside_a_box_has_a_nearest_one_in_it(start, nearest):
    box = (range(2, 5), range(2))
    assert find_nearest(STACK, box, STACK.place(start)) == STACK.place(nearest)


@pytest.mark.parametrize("indices", [(3,), (9, 0), (0, -1), (0, 0, 0)])
def test_indices_that_are_no_plane_are_refused(indices):
    assert check_plane(STACK, (8, 3)) == STACK.place((8, 3))
    with pytest.raises(SettingsError, match=r"is one index for each of T=…, Z=…; got \("):
        check_plane(STACK, indices)
