"""The boxes hold layers by identity through renames, additions and removals."""

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_dynaseg._napari.panel.inputs.layer_box import EVERYWHERE, LayerBox, make_region_box

pytestmark = pytest.mark.short_pass
PICTURE = np.zeros((4, 4))


@pytest.fixture
def model(qtbot):
    """Give a viewer's model with two images, one and two."""
    model = ViewerModel()
    model.add_image(PICTURE, name="one")
    model.add_image(PICTURE, name="two")
    return model


def make_image_box(model):
    return LayerBox(model, (Image,), "Image", "what is segmented")


def test_the_active_image_is_chosen_at_first(model):
    model.layers.selection.active = model.layers["one"]
    assert make_image_box(model).value is model.layers["one"]


def test_a_renamed_layer_stays_chosen_under_its_new_name(model):
    choice = make_image_box(model)
    held = choice.value = model.layers["one"]
    heard = []
    choice.changed.connect(heard.append)
    held.name = "zebra"
    assert choice.value is held
    assert choice.current_choice == "zebra"
    assert heard == []


def test_two_layers_that_swap_names_stay_who_they_are(model):
    choice = make_image_box(model)
    held, other = model.layers["one"], model.layers["two"]
    choice.value = held
    held.name, other.name = "passing", "one"
    held.name = "two"
    assert choice.value is held
    assert choice.current_choice == "two"


def test_added_images_are_offered_and_other_layers_are_not(model):
    choice = make_image_box(model)
    added = model.add_image(PICTURE, name="three")
    model.add_labels(np.zeros((4, 4), int))
    assert choice.choices == (
        *(layer for layer in model.layers if layer.name in ("one", "two")),
        added,
    )


def test_adding_removing_and_moving_others_keeps_the_choice(model):
    choice = make_image_box(model)
    held = choice.value = model.layers["one"]
    model.add_image(PICTURE, name="zero")
    model.layers.move(0, 2)
    model.layers.remove("two")
    assert choice.value is held


def test_removing_the_chosen_layer_moves_on_and_says_so(model):
    choice = make_image_box(model)
    choice.value = model.layers["one"]
    heard = []
    choice.changed.connect(heard.append)
    model.layers.remove("one")
    assert choice.value is model.layers["two"]
    assert heard == [model.layers["two"]]


def test_without_images_nothing_is_chosen_until_one_comes(qtbot):
    model = ViewerModel()
    choice = make_image_box(model)
    assert choice.value is None
    layer = model.add_image(PICTURE)
    assert choice.value is layer


def test_a_box_that_forgot_the_viewer_follows_no_more(model):
    choice = make_image_box(model)
    offered = choice.choices
    choice.forget_viewer()
    model.add_image(PICTURE)
    model.layers["one"].name = "other"
    assert choice.choices == offered


@pytest.mark.parametrize("change", ["name", "data", "scale", "axis_labels", "affine"])
def test_a_change_of_an_offered_layer_is_told(model, change):
    choice = make_image_box(model)
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


# -- a box that may choose none ----------------------------------------------------------------


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def box(viewer, qtbot):
    box = make_region_box(viewer, "what tools may change")
    qtbot.addWidget(box.native)
    return box


def test_the_chosen_one_stays_when_napari_resets_the_panel(viewer, box):
    area = viewer.add_shapes(name="area")
    box.value = area
    box.reset_choices()
    assert box.value is area


def list_names(box):
    return [box.native.itemText(at) for at in range(box.native.count())]


def test_shapes_and_labels_are_offered_but_the_one_corrected_is_not(viewer, box):
    labels = viewer.add_labels(np.zeros((3, 3), int), name="mine")
    viewer.add_image(np.zeros((3, 3)))
    viewer.add_shapes(name="area")
    box.exclude(labels)
    assert list_names(box) == [EVERYWHERE, "area"]
    assert box.value is None
    assert box.native.currentText() == EVERYWHERE


def test_the_chosen_layer_stays_through_renaming_and_falls_away_with_its_layer(viewer, box):
    shapes = viewer.add_shapes(name="area")
    box.value = shapes
    shapes.name = "other"
    viewer.add_shapes(name="area")
    assert box.value is shapes
    assert box.native.currentText() == "other"
    viewer.layers.remove(shapes)
    assert box.value is None
    assert list_names(box) == [EVERYWHERE, "area"]


def test_a_box_that_is_done_no_longer_follows(viewer, box):
    shapes = viewer.add_shapes(name="area")
    box.forget_viewer()
    shapes.name = "other"
    viewer.add_shapes(name="late")
    assert list_names(box) == [EVERYWHERE, "area"]
