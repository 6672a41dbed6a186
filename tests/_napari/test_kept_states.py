"""A layer's recipe and network follow undo and redo through the iterations that were kept."""

import numpy as np
from napari.layers import Labels

from napari_dynaseg._napari.kept_states import MOST_STATES, KeptStates, State
from napari_dynaseg.compressed_map import CompressedMap

MAPS = [
    np.array([[1, 1, 2, 2, 3, 3]]),
    np.array([[1, 2, 2, 2, 2, 3]]),
    np.array([[1, 1, 2, 2, 2, 4]]),
]


def write(layer, labels):
    where = np.nonzero(layer.data != labels)
    with layer.block_history():
        layer.data_setitem(where, labels[where])


def describe(layer, iteration):
    return State(CompressedMap.of(layer.data), {}, None, iteration)


def walk(maps=MAPS):
    """Give a layer that was led through some maps, its states, and where they turn later."""
    layer = Labels(maps[0].copy())
    states, turns = KeptStates(layer), []
    states.turned.connect(lambda _layer, state: turns.append(state.iteration))
    for iteration, labels in enumerate(maps[1:], start=1):
        before = describe(layer, iteration - 1)
        write(layer, labels)
        states.add(before, describe(layer, iteration))
    turns.clear()
    return layer, states, turns


def test_undo_and_redo_lead_through_the_states_in_turn():
    layer, states, turns = walk()
    layer.undo()
    layer.undo()
    layer.redo()
    assert turns == [1, 0, 1]
    assert states.now.iteration == 1


def test_a_way_back_to_the_same_labels_is_a_state_of_its_own():
    layer, states, turns = walk([MAPS[0], MAPS[1], MAPS[0]])
    assert states.now.iteration == 2
    layer.undo()
    assert turns == [1]


def test_a_little_paint_changes_no_state():
    layer, states, turns = walk()
    layer.data_setitem((np.array([0]), np.array([1])), 9)
    layer.refresh()
    assert turns == []
    layer.undo()
    layer.undo()
    assert turns == [1]


def test_labels_that_agree_with_none_change_no_state():
    layer, _, turns = walk()
    write(layer, np.full((1, 6), 8))
    assert turns == []


def test_states_alike_are_no_matter():
    layer, states, turns = walk([MAPS[0], MAPS[0]])
    layer.refresh()
    assert turns == []
    assert states.now.iteration == 1


def test_the_oldest_states_are_forgotten():
    maps = [np.array([[number, number + 1]]) for number in range(MOST_STATES + 5)]
    layer, states, turns = walk(maps)
    for _ in range(MOST_STATES + 4):
        layer.undo()
    assert len(turns) == MOST_STATES - 1
    assert states.now.iteration == 5
