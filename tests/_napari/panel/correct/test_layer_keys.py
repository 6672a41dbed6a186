"""Keys are bound on one layer, and on nothing else."""

import numpy as np
import pytest
from napari.layers import Labels
from napari.utils.key_bindings import coerce_keybinding
from qtpy.QtWidgets import QLabel, QWidget

from napari_dynaseg._napari.panel.correct.layer_keys import LayerKeys, make_card


def make_layer():
    return Labels(np.zeros((3, 3), int))


def press(layer, key):
    layer.keymap[coerce_keybinding(key)](layer)


def test_keys_move_from_layer_to_layer():
    pressed = []
    keys = LayerKeys({"Shift-M": lambda: pressed.append("merge")})
    first, second = make_layer(), make_layer()
    keys.move_to(first)
    press(first, "Shift-M")
    keys.move_to(second)
    assert first.keymap == {}
    press(second, "Shift-M")
    keys.move_to(None)
    assert second.keymap == {}
    assert pressed == ["merge", "merge"]
    assert coerce_keybinding("Shift-M") not in Labels.class_keymap


def test_a_key_of_the_user_stays():
    layer = make_layer()
    pressed = []
    layer.bind_key("Shift-M", lambda _layer: pressed.append("mine"))
    keys = LayerKeys({"Shift-M": lambda: pressed.append("ours")})
    keys.move_to(layer)
    press(layer, "Shift-M")
    keys.move_to(None)
    press(layer, "Shift-M")
    assert pressed == ["mine", "mine"]


@pytest.mark.short_pass
def test_the_card_lists_each_key(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    card = make_card(parent, {"Shift-M": "Merge", "Escape": "End"})
    text = card.findChild(QLabel).text()
    assert "Shift+M" in text
    assert "End" in text
