"""What belongs to a layer follows its steps through undo and redo: rows, colours, recipes."""

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels

from napari_dynaseg._napari.layers.classes import give_class, read_classes, read_table
from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.edit_targets import Target, find_target
from napari_dynaseg._napari.layers.history import History, make_rows, renumber_rows
from napari_dynaseg._napari.layers.tools import TOOLS, Choice, apply_tool

BY_NAME = {tool.name: tool for tool in TOOLS}
MAPS = [
    np.array([[1, 1, 2, 2, 3, 3]]),
    np.array([[1, 2, 2, 2, 2, 3]]),
    np.array([[1, 1, 2, 2, 2, 4]]),
]


def write(layer, labels):
    target = Target(layer, layer.data, (slice(None), slice(None)))
    change = Change.between(target, np.array(layer.data), labels)
    change.write()


def lead(turns, before, after):
    """Note to which of two states a step leads."""
    return lambda _layer, is_done: turns.append(after if is_done else before)


def walk(maps=MAPS):
    """Give a layer that was led through some maps, its history, and where it turns later."""
    layer = Labels(maps[0].copy())
    history, turns = History(layer), []
    for place, labels in enumerate(maps[1:], start=1):
        write(layer, labels)
        history.add(layer, lead(turns, place - 1, place))
    return layer, history, turns


def test_undo_and_redo_lead_through_the_states_in_turn():
    layer, _, turns = walk()
    layer.undo()
    layer.undo()
    layer.redo()
    assert turns == [1, 0, 1]


def test_a_way_back_to_the_same_labels_is_a_state_of_its_own():
    layer, _, turns = walk([MAPS[0], MAPS[1], MAPS[0]])
    layer.undo()
    assert turns == [1]


def test_paint_changes_no_state_even_if_it_paints_all_back():
    layer, _, turns = walk()
    write(layer, MAPS[1])
    layer.refresh()
    assert turns == []
    layer.undo()
    layer.undo()
    assert turns == [1]


def test_a_step_after_undo_takes_the_place_of_what_was_undone():
    layer, history, turns = walk()
    layer.undo()
    write(layer, MAPS[0] + 5)
    history.add(layer, lead(turns, 1, "other"))
    turns.clear()
    layer.undo()
    layer.undo()
    assert turns == [1, 0]


# -- rows and colours ------------------------------------------------------------------------


def follow(layer, outcome, begin, *options):
    """Write a step, and let rows follow it."""
    history = History(layer)
    outcome.change.write()
    history.add(layer, begin(layer, *options))
    return history


def relabel(labels):
    viewer = ViewerModel()
    layer = viewer.add_labels(np.array(labels, np.int32))
    give_class(layer, [9], "cell", (1, 0, 0, 1))
    colours = [layer.colormap.map(number) for number in (4, 9)]
    outcome = apply_tool(
        BY_NAME["relabel"], find_target(layer, viewer.dims, "All planes"), Choice()
    )
    return layer, follow(layer, outcome, renumber_rows, outcome.renumbered), colours


def expect(layer, numbers, colours):
    assert read_classes(layer) == {numbers[1]: "cell"}
    for number, colour in zip(numbers, colours, strict=True):
        np.testing.assert_allclose(layer.colormap.map(number), colour, atol=1e-6)


def test_names_and_colours_follow_there_and_back_again():
    layer, _history, colours = relabel([[4, 9, 9, 0]])
    expect(layer, (1, 2), colours)
    layer.undo()
    expect(layer, (4, 9), colours)
    layer.redo()
    expect(layer, (1, 2), colours)


def test_paint_on_the_way_does_not_confuse_them():
    layer, _history, colours = relabel([[4, 9, 9, 0]])
    layer.data_setitem((np.array([0]), np.array([3])), 2)
    layer.refresh()
    expect(layer, (1, 2), colours)
    layer.undo()
    expect(layer, (1, 2), colours)
    layer.undo()
    expect(layer, (4, 9), colours)


def test_one_that_is_forgotten_follows_no_longer():
    layer, history, colours = relabel([[4, 9]])
    del history
    layer.undo()
    expect(layer, (1, 2), colours)


def test_rows_of_objects_are_there_while_the_objects_are():
    viewer = ViewerModel()
    layer = viewer.add_labels(np.array([[1, 0, 2, 2]], np.int32))
    give_class(layer, [2], "cell")
    target = find_target(layer, viewer.dims, "All planes")
    outcome = apply_tool(BY_NAME["objects"], target, Choice(), used=(2,))
    history = follow(layer, outcome, make_rows, outcome.origins, True)
    objects = {2: "cell", 3: "", 4: "cell"}
    assert read_table(layer)["class"].to_dict() == objects
    layer.undo()
    assert read_table(layer)["class"].to_dict() == {2: "cell"}
    layer.redo()
    assert read_table(layer)["class"].to_dict() == objects
    del history


def test_a_row_that_the_user_changes_comes_back_as_it_was_left():
    viewer = ViewerModel()
    layer = viewer.add_labels(np.array([[1, 0, 1]], np.int32))
    target = find_target(layer, viewer.dims, "All planes")
    outcome = apply_tool(BY_NAME["objects"], target, Choice())
    history = follow(layer, outcome, make_rows, outcome.origins, True)
    give_class(layer, [2], "mine")
    layer.undo()
    assert read_classes(layer) == {}
    layer.redo()
    assert read_classes(layer) == {2: "mine"}
    del history
