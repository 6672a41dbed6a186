"""A layer's recipe and network follow undo and redo through the steps that were noted."""

import numpy as np
from napari.layers import Labels

from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.edit_targets import Target
from napari_dynaseg._napari.layers.history import LayerStates, State

MAPS = [
    np.array([[1, 1, 2, 2, 3, 3]]),
    np.array([[1, 2, 2, 2, 2, 3]]),
    np.array([[1, 1, 2, 2, 2, 4]]),
]


def write(layer, labels):
    target = Target(layer, layer.data, (slice(None), slice(None)))
    change = Change.between(target, np.array(layer.data), labels)
    change.write()


def name(state):
    return State({"name": state}, None, {})


def walk(maps=MAPS):
    """Give a layer that was led through some maps, its states, and where they turn later."""
    layer = Labels(maps[0].copy())
    states, turns = LayerStates(layer), []
    states.turned.connect(lambda _layer, state: turns.append(state.metadata["name"]))
    for place, labels in enumerate(maps[1:], start=1):
        write(layer, labels)
        states.add(layer, name(place - 1), name(place))
    turns.clear()
    return layer, states, turns


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
    layer, states, turns = walk()
    layer.undo()
    write(layer, MAPS[0] + 5)
    states.add(layer, name(1), name("other"))
    turns.clear()
    layer.undo()
    layer.undo()
    assert turns == [1, 0]
