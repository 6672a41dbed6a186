"""A correction is one step of history, exact to the pixel, or nothing at all."""

from functools import partial

import numpy as np
import pytest
import zarr
from napari.components import ViewerModel

from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.edit_targets import find_target
from napari_dynaseg.errors import EditError


@pytest.fixture(params=["numpy", "zarr"])
def stack(request, tmp_path):
    data = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    if request.param == "numpy":
        return data
    stored = zarr.create_array(tmp_path / "a.zarr", shape=data.shape, chunks=(1, 3, 4), dtype="i4")
    stored[:] = data
    return stored


def prepare(data, planes="All planes"):
    viewer = ViewerModel()
    layer = viewer.add_labels(data, name="mine")
    viewer.dims.set_current_step(0, 1)
    return layer, find_target(layer, viewer.dims, planes)


def change(target, edit):
    before = target.read()
    return Change.between(target, before, edit(before.copy()))


def add_hundred(labels):
    labels[..., 1:] += 100
    return labels


@pytest.mark.parametrize("planes", ["This plane", "All planes"])
def test_a_change_is_written_undone_and_done_again_to_the_pixel(stack, planes):
    layer, target = prepare(stack, planes)
    before = np.array(layer.data[:])
    expected = before.copy()
    expected[target.index] = add_hundred(target.read())
    change(target, add_hundred).write()
    np.testing.assert_array_equal(layer.data[:], expected)
    layer.undo()
    np.testing.assert_array_equal(layer.data[:], before)
    layer.redo()
    np.testing.assert_array_equal(layer.data[:], expected)
    layer.undo()
    layer.undo()
    np.testing.assert_array_equal(layer.data[:], before)


def test_the_plane_on_view_shows_the_change(stack):
    layer, target = prepare(stack)
    change(target, add_hundred).write()
    assert layer.get_value((1, 0, 1)) == 113
    layer.undo()
    assert layer.get_value((1, 0, 1)) == 13


def test_each_of_many_steps_is_undone_in_turn(stack):
    layer, target = prepare(stack)
    states = []
    for step in range(5):
        states.append(np.array(layer.data[:]))
        marked = partial(lambda labels, step: np.where(labels % 5 == step, 50, labels), step=step)
        change(target, marked).write()
    for state in reversed(states):
        layer.undo()
        np.testing.assert_array_equal(layer.data[:], state)


def test_only_changed_pixels_are_written_and_kept():
    layer, target = prepare(np.arange(24, dtype=np.int32).reshape(2, 3, 4), "This plane")
    made = change(target, lambda labels: np.where(labels > 21, 99, labels))
    assert made.pixels == 2
    assert [index.tolist() for index in made.indices] == [[1, 1], [2, 2], [2, 3]]
    # Two bytes for each of three axes, and the old and the new label.
    assert made.undo_bytes == 2 * (3 * 2 + 2 * 4)


def test_a_long_axis_is_counted_in_as_many_bytes_as_it_takes():
    data = np.zeros((2, 70_000), np.int32)
    layer, target = prepare(data)
    made = change(target, lambda labels: labels + (np.arange(70_000) > 69_998))
    made.write()
    assert layer.data[:, -1].tolist() == [1, 1]
    assert made.undo_bytes == 2 * (2 + 8 + 2 * 4)


def test_paint_that_came_meanwhile_is_never_written_over(stack):
    layer, target = prepare(stack)
    made = change(target, add_hundred)
    layer.data_setitem((np.array([0]), np.array([1]), np.array([2])), 77)
    painted = np.array(layer.data[:])
    with pytest.raises(EditError, match="changed meanwhile"):
        made.write()
    np.testing.assert_array_equal(layer.data[:], painted)
    layer.undo()
    assert layer.data[0, 1, 2] == 6


def test_paint_elsewhere_does_not_stand_in_the_way(stack):
    layer, target = prepare(stack)
    made = change(target, lambda labels: np.where(labels == 23, 99, labels))
    layer.data_setitem((np.array([0]), np.array([1]), np.array([2])), 77)
    made.write()
    assert (layer.data[1, 2, 3], layer.data[0, 1, 2]) == (99, 77)


def test_other_data_in_the_layer_are_left_alone():
    layer, target = prepare(np.zeros((2, 3, 4), np.int32))
    made = change(target, lambda labels: labels + 1)
    layer.data = np.zeros((2, 3, 4), np.int32)
    with pytest.raises(EditError, match="changed meanwhile"):
        made.write()
    assert not layer.data.any()


def test_a_layer_that_a_run_writes_meanwhile_is_left_alone():
    layer, target = prepare(np.zeros((2, 3, 4), np.int32))
    made = change(target, lambda labels: labels + 1)
    layer.editable = False
    with pytest.raises(EditError, match="edited now"):
        made.write()
    assert not layer.data.any()


def test_labels_that_the_layer_cannot_hold_are_refused():
    layer, target = prepare(np.full((2, 3, 4), 250, np.uint8))
    with pytest.raises(EditError, match="holds labels of uint8, and would need 300"):
        change(target, lambda labels: labels + 50).write()
    change(target, lambda labels: labels + 5).write()
    assert (layer.data == 255).all()
    layer.undo()
    assert (layer.data == 250).all()


def test_a_change_under_outlines_is_undone_too():
    layer, target = prepare(np.ones((1, 6, 6), np.int32))
    layer.contour = 1
    change(target, lambda labels: labels + (np.arange(6) > 2)).write()
    assert layer.data[0, 0].tolist() == [1, 1, 1, 2, 2, 2]
    layer.undo()
    assert (layer.data == 1).all()
