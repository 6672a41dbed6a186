"""The box of layers to keep within holds the chosen one by identity."""

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_dynaseg._napari.panel.inputs.within_choice import WHOLE, WithinChoice


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def box(viewer, qtbot):
    box = WithinChoice(viewer, "what tools may change")
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
    assert list_names(box) == [WHOLE, "area"]
    assert box.value is None
    assert box.native.currentText() == WHOLE


def test_the_chosen_layer_stays_through_renaming_and_falls_away_with_its_layer(viewer, box):
    shapes = viewer.add_shapes(name="area")
    box.value = shapes
    shapes.name = "other"
    viewer.add_shapes(name="area")
    assert box.value is shapes
    assert box.native.currentText() == "other"
    viewer.layers.remove(shapes)
    assert box.value is None
    assert list_names(box) == [WHOLE, "area"]


def test_a_box_that_is_done_no_longer_follows(viewer, box):
    shapes = viewer.add_shapes(name="area")
    box.forget_viewer()
    shapes.name = "other"
    viewer.add_shapes(name="late")
    assert list_names(box) == [WHOLE, "area"]
