"""Further channels and levels of an image are offered, and kept through renames and removals."""

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import QPoint, Qt

from napari_dynaseg._napari.panel.inputs.image_choices import ChannelChoice, LevelChoice
from napari_dynaseg._napari.panel.inputs.layer_box import LayerBox

pytestmark = pytest.mark.short_pass
PICTURE = np.zeros((4, 4))


@pytest.fixture
def model(qtbot):
    """Give a viewer's model with two images, one and two."""
    model = ViewerModel()
    model.add_image(PICTURE, name="one")
    model.add_image(PICTURE, name="two")
    return model


# -- further layers as channels ---------------------------------------------------------------


@pytest.fixture
def channels(model):
    """Give the button of further channels in a viewer of images one, two and three; two chosen."""
    model.add_image(PICTURE, name="three")
    image = LayerBox(model, (Image,), "Image", "what is segmented")
    image.value = model.layers["two"]
    return ChannelChoice(image)


def tick(channels, *names):
    channels.menu.aboutToShow.emit()
    for action in channels.menu.actions():
        if action.text() in names:
            action.trigger()


def test_an_image_alone_has_no_further_channels(channels):
    assert channels.layers == ()


def test_all_other_images_are_offered(channels, model):
    model.add_labels(np.zeros((4, 4), int))
    channels.menu.aboutToShow.emit()
    assert [action.text() for action in channels.menu.actions()] == ["one", "three"]


def test_picked_layers_are_channels_in_the_order_of_the_viewer(channels, model):
    tick(channels, "three")
    tick(channels, "one")
    assert channels.layers == tuple(model.layers)
    model.layers.move(2, 0)
    assert [layer.name for layer in channels.layers] == ["three", "one", "two"]


def test_every_pick_is_told_and_can_be_undone(channels):
    heard = []
    channels.picked.connect(lambda: heard.append(len(channels.layers)))
    tick(channels, "one", "three")
    tick(channels, "one")
    assert heard == [2, 3, 2]
    tick(channels, "three")
    assert channels.layers == ()


def test_picked_layers_stay_picked_under_other_names(channels, model):
    tick(channels, "one")
    held = model.layers["one"]
    held.name = "zebra"
    assert channels.layers == (held, model.layers["two"])


def test_a_picked_layer_that_is_removed_is_no_channel(channels, model):
    tick(channels, "one", "three")
    model.layers.remove("one")
    assert [layer.name for layer in channels.layers] == ["two", "three"]


def test_what_was_picked_is_kept_for_each_image(channels, model):
    tick(channels, "one")
    channels._image.value = model.layers["three"]
    assert channels.layers == ()
    channels._image.value = model.layers["two"]
    assert [layer.name for layer in channels.layers] == ["one", "two"]


def test_the_button_says_how_many_and_hides_where_there_is_no_choice(channels, model, qtbot):
    qtbot.addWidget(channels.native)
    channels.show()
    channels.show_state()
    assert (channels.text, channels.visible) == ("+ channels", True)
    tick(channels, "one")
    channels.show_state()
    assert channels.text == "+ 1 channel"
    tick(channels, "three")
    channels.show_state()
    assert channels.text == "+ 2 channels"
    model.layers.remove("one")
    model.layers.remove("three")
    channels.show_state()
    assert not channels.visible


def test_the_menu_stays_open_while_layers_are_ticked(channels, qtbot):
    qtbot.addWidget(channels.native)
    menu = channels.menu
    menu.popup(QPoint(10, 10))
    qtbot.waitUntil(menu.isVisible)
    for action in menu.actions():
        where = menu.actionGeometry(action).center()
        qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=where)
    assert menu.isVisible()
    assert len(channels.layers) == 3
    menu.close()


# -- levels -----------------------------------------------------------------------------------


def test_levels_are_offered_by_the_size_of_their_planes(qtbot):
    level = LevelChoice()
    heard = []
    level.changed.connect(heard.append)
    level.show_levels([(64, 48), (32, 24)], 1)
    assert level._widget._mgui_get_choices() == (("0: 64×48", 0), ("1: 32×24", 1))
    assert level.value == 1
    assert heard == []
    level.value = 0
    assert heard == [0]


def test_levels_are_hidden_where_there_is_one(qtbot):
    level = LevelChoice()
    qtbot.addWidget(level.native)
    level.show()
    level.show_levels([(64, 48), (32, 24)], 0)
    assert level.visible
    level.show_levels([(64, 48)], 0)
    assert not level.visible
