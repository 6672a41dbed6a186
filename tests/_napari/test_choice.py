"""The image box holds its choice by identity through renames, additions and removals."""

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_dynaseg._napari.choice import ImageChoice

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
