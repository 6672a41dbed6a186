"""Rows, names and colours follow a step through undo and redo."""

import numpy as np
from napari.components import ViewerModel

from napari_dynaseg._napari.layers.classes import give_class, read_classes, read_table
from napari_dynaseg._napari.layers.edit_targets import find_target
from napari_dynaseg._napari.layers.step_followers import NewLabels, Renumbering
from napari_dynaseg._napari.layers.tools import TOOLS, Choice, apply_tool

BY_NAME = {tool.name: tool for tool in TOOLS}


def relabel(labels):
    viewer = ViewerModel()
    layer = viewer.add_labels(np.array(labels, np.int32))
    give_class(layer, [9], "cell", (1, 0, 0, 1))
    colours = [layer.colormap.map(number) for number in (4, 9)]
    outcome = apply_tool(
        BY_NAME["relabel"], find_target(layer, viewer.dims, "All planes"), Choice()
    )
    outcome.change.write()
    return layer, Renumbering(outcome.change, outcome.renumbered), colours


def expect(layer, numbers, colours):
    assert read_classes(layer) == {numbers[1]: "cell"}
    for number, colour in zip(numbers, colours, strict=True):
        np.testing.assert_allclose(layer.colormap.map(number), colour, atol=1e-6)


def test_names_and_colours_follow_there_and_back_again():
    layer, _, colours = relabel([[4, 9, 9, 0]])
    expect(layer, (1, 2), colours)
    layer.undo()
    expect(layer, (4, 9), colours)
    layer.redo()
    expect(layer, (1, 2), colours)


def test_paint_on_the_way_does_not_confuse_them():
    layer, _, colours = relabel([[4, 9, 9, 0]])
    layer.data_setitem((np.array([0]), np.array([3])), 2)
    layer.refresh()
    expect(layer, (1, 2), colours)
    layer.undo()
    expect(layer, (1, 2), colours)
    layer.undo()
    expect(layer, (4, 9), colours)


def test_one_that_is_forgotten_follows_no_longer():
    layer, renumbering, colours = relabel([[4, 9]])
    renumbering.forget()
    layer.undo()
    expect(layer, (1, 2), colours)


def test_rows_of_objects_are_there_while_the_objects_are():
    viewer = ViewerModel()
    layer = viewer.add_labels(np.array([[1, 0, 2, 2]], np.int32))
    give_class(layer, [2], "cell")
    target = find_target(layer, viewer.dims, "All planes")
    outcome = apply_tool(BY_NAME["objects"], target, Choice(), used=(2,))
    outcome.change.write()
    follower = NewLabels(outcome.change, outcome.origins, wants_rows=True)
    objects = {2: "cell", 3: "", 4: "cell"}
    assert read_table(layer)["class"].to_dict() == objects
    layer.undo()
    assert read_table(layer)["class"].to_dict() == {2: "cell"}
    layer.redo()
    assert read_table(layer)["class"].to_dict() == objects
    follower.forget()


def test_a_row_that_the_user_changes_comes_back_as_it_was_left():
    viewer = ViewerModel()
    layer = viewer.add_labels(np.array([[1, 0, 1]], np.int32))
    target = find_target(layer, viewer.dims, "All planes")
    outcome = apply_tool(BY_NAME["objects"], target, Choice())
    outcome.change.write()
    follower = NewLabels(outcome.change, outcome.origins, wants_rows=True)
    give_class(layer, [2], "mine")
    layer.undo()
    assert read_classes(layer) == {}
    layer.redo()
    assert read_classes(layer) == {2: "mine"}
    follower.forget()
