"""The boxes hold layers by identity through renames, additions and removals."""

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QPoint, Qt

from napari_dynaseg._napari.panel.inputs.choice import ChannelChoice, ImageChoice, LevelChoice

pytestmark = pytest.mark.short_pass
PICTURE = np.zeros((4, 4))


@pytest.fixture
def model(qtbot):
    """Give a viewer's model with two images, one and two."""
    model = ViewerModel()
    model.add_image(PICTURE, name="one")
    model.add_image(PICTURE, name="two")
    return model


def test_the_active_image_is_chosen_at_first(model):
    model.layers.selection.active = model.layers["one"]
    assert ImageChoice(model).value is model.layers["one"]


def test_a_renamed_layer_stays_chosen_under_its_new_name(model):
    choice = ImageChoice(model)
    held = choice.value = model.layers["one"]
    heard = []
    choice.changed.connect(heard.append)
    held.name = "zebra"
    assert choice.value is held
    assert choice.current_choice == "zebra"
    assert heard == []


def test_two_layers_that_swap_names_stay_who_they_are(model):
    choice = ImageChoice(model)
    held, other = model.layers["one"], model.layers["two"]
    choice.value = held
    held.name, other.name = "passing", "one"
    held.name = "two"
    assert choice.value is held
    assert choice.current_choice == "two"


def test_added_images_are_offered_and_other_layers_are_not(model):
    choice = ImageChoice(model)
    added = model.add_image(PICTURE, name="three")
    model.add_labels(np.zeros((4, 4), int))
    assert choice.choices == (
        *(layer for layer in model.layers if layer.name in ("one", "two")),
        added,
    )


def test_adding_removing_and_moving_others_keeps_the_choice(model):
    choice = ImageChoice(model)
    held = choice.value = model.layers["one"]
    model.add_image(PICTURE, name="zero")
    model.layers.move(0, 2)
    model.layers.remove("two")
    assert choice.value is held


def test_removing_the_chosen_layer_moves_on_and_says_so(model):
    choice = ImageChoice(model)
    choice.value = model.layers["one"]
    heard = []
    choice.changed.connect(heard.append)
    model.layers.remove("one")
    assert choice.value is model.layers["two"]
    assert heard == [model.layers["two"]]


def test_without_images_nothing_is_chosen_until_one_comes(qtbot):
    model = ViewerModel()
    choice = ImageChoice(model)
    assert choice.value is None
    layer = model.add_image(PICTURE)
    assert choice.value is layer


def test_a_box_that_forgot_the_viewer_follows_no_more(model):
    choice = ImageChoice(model)
    offered = choice.choices
    choice.forget_viewer()
    model.add_image(PICTURE)
    model.layers["one"].name = "other"
    assert choice.choices == offered


@pytest.mark.parametrize("change", ["name", "data", "scale", "axis_labels", "affine"])
def test_a_change_of_an_offered_layer_is_told(model, change):
    choice = ImageChoice(model)
    heard = []
    choice.altered.connect(lambda: heard.append(change))
    values = {
        "name": "three",
        "data": np.ones((5, 5)),
        "scale": (2, 2),
        "axis_labels": ("y", "x"),
        "affine": np.diag([2, 2, 1]),
    }
    setattr(model.layers["one"], change, values[change])
    assert heard == [change]
    choice.forget_viewer()
    model.layers["two"].scale = (3, 3)
    assert heard == [change]


# -- further layers as channels ---------------------------------------------------------------


@pytest.fixture
def channels(model):
    """Give the button of further channels in a viewer of images one, two and three; two chosen."""
    model.add_image(PICTURE, name="three")
    image = ImageChoice(model)
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
