"""What each tool changes, and where new labels and numbers come from."""

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_dynaseg._napari.layers.edit_targets import find_target, write_locked
from napari_dynaseg._napari.layers.tools import LOCK, NAME, TOOLS, Choice, apply_tool

BY_NAME = {tool.name: tool for tool in TOOLS}
# Keys of napari's Labels layers and viewer that have Shift.
TAKEN = {"Shift-V", "Shift-A", "Shift-Z"}


def to_labels(*rows):
    return np.array(rows, np.int32)


def apply(name, labels, choice=None, value=0, planes="This plane", locked=(), used=()):
    viewer = ViewerModel()
    layer = viewer.add_labels(labels)
    write_locked(layer, locked)
    target = find_target(layer, viewer.dims, planes)
    outcome = apply_tool(BY_NAME[name], target, choice or Choice(), value, used)
    outcome.change.write()
    return outcome, layer.data


def test_every_tool_has_a_key_of_its_own_that_is_free():
    keys = [tool.key for tool in (*TOOLS, LOCK, NAME)] + ["Shift-O", "Shift-Y"]
    assert len(set(keys)) == len(keys)
    assert not TAKEN & set(keys)


@pytest.mark.parametrize(
    ("name", "choice", "value", "expected"),
    [
        ("merge", Choice(points=((0, 0), (0, 2))), 0, [4, 4, 4, 9, 0, 4]),
        ("parts", Choice(points=((0, 5),)), 0, [4, 4, 7, 9, 0, 10]),
        ("delete", Choice(points=((0, 5),)), 0, [4, 4, 7, 9, 0, 0]),
        ("delete", Choice(numbers=(4,)), 0, [0, 0, 7, 9, 0, 0]),
        ("grow", Choice(points=((0, 5),)), 1, [4, 4, 7, 9, 4, 4]),
        ("shrink", Choice(points=((0, 0),)), 1, [4, 7, 7, 9, 0, 4]),
        ("specks", Choice(), 2, [4, 4, 4, 0, 0, 0]),
        ("objects", Choice(numbers=(4, 9)), 0, [1, 1, 0, 2, 0, 3]),
        ("relabel", Choice(), 0, [1, 1, 2, 3, 0, 1]),
    ],
)
def test_a_tool_works_on_what_is_chosen(name, choice, value, expected):
    _, labels = apply(name, to_labels([4, 4, 7, 9, 0, 4]), choice, value)
    np.testing.assert_array_equal(labels, [expected])


def test_a_hole_that_is_clicked_around_is_filled():
    ring = to_labels([3, 3, 3], [3, 8, 3], [3, 3, 3])
    _, labels = apply("holes", ring, Choice(points=((0, 0),)))
    assert (labels == 3).all()


def test_objects_that_touch_are_split_and_outlines_smoothed():
    rows, columns = np.indices((21, 40))
    disks = [np.hypot(rows - 10, columns - at) <= 6 for at in (8, 19)]
    outcome, labels = apply("touching", (disks[0] | disks[1]).astype(np.int32), value=4)
    assert outcome.origins == {2: 1}
    ragged = np.repeat(to_labels([1] * 9 + [2] * 9), 18, axis=0)
    ragged[8, 8] = 2
    assert apply("smooth", ragged, value=3)[1][8, 8] == 1


def test_new_labels_are_new_to_all_planes_and_to_names():
    stack = np.stack([to_labels([3, 0, 3]), to_labels([50, 0, 0])])
    outcome, labels = apply("parts", stack)
    assert labels[0].tolist() == [[3, 0, 51]]
    assert outcome.origins == {51: 3}
    assert apply("parts", to_labels([3, 0, 3]), used=(60,))[1].tolist() == [[3, 0, 61]]


def test_objects_are_numbered_from_1_unless_a_number_means_something():
    labels = to_labels([7, 7, 5])
    assert apply("objects", labels.copy(), Choice(numbers=(7,)))[1].tolist() == [[1, 1, 0]]
    named = apply("objects", labels.copy(), Choice(numbers=(7,)), used=(5,))
    assert named[1].tolist() == [[8, 8, 0]]
    assert named[0].origins == {8: 7}
    locked = apply("objects", labels.copy(), Choice(numbers=(7,)), locked=(5,))
    assert locked[1].tolist() == [[8, 8, 5]]
    stack = np.stack([labels, labels])
    assert apply("objects", stack, Choice(numbers=(7,)))[1][0].tolist() == [[8, 8, 0]]


def test_an_object_comes_from_the_label_that_it_mostly_was():
    outcome, _ = apply("objects", to_labels([5, 7, 7, 0, 5]))
    assert outcome.origins == {1: 7, 2: 5}


def test_relabelling_tells_where_each_number_went():
    outcome, _ = apply("relabel", to_labels([9, 1, 4]), planes="All planes")
    assert outcome.renumbered == {4: 2, 9: 3}


def test_locked_labels_stay_whatever_tool_comes():
    labels = to_labels([4, 4, 7, 9, 0, 4])
    _, after = apply("delete", labels.copy(), locked=(4,))
    assert after.tolist() == [[4, 4, 0, 0, 0, 4]]


@pytest.mark.parametrize("tool", [LOCK, NAME])
def test_marks_change_no_pixel(tool):
    viewer = ViewerModel()
    layer = viewer.add_labels(to_labels([1, 2]))
    target = find_target(layer, viewer.dims, "This plane")
    assert apply_tool(tool, target, Choice()).change.pixels == 0
