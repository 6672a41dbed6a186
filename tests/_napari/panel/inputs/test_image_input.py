"""What is segmented, chosen in the panel of a real viewer."""

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from tests._napari.conftest import open_panel
from tests._napari.panel.test_widget import last_notification

from napari_dynaseg.image.pixels import to_plane
from napari_dynaseg.recipes.recipe import Recipe, Source


def click_part(panel, qtbot, part, choice):
    """Open the menu of a part of the axes line, and choose in it by a click."""
    line = panel.axes_line
    line.linkActivated.emit(part)
    qtbot.waitUntil(line.menu.isVisible)
    action = next(action for action in line.menu.actions() if action.text() == choice)
    where = line.menu.actionGeometry(action).center()
    qtbot.mouseClick(line.menu, Qt.MouseButton.LeftButton, pos=where)


@pytest.fixture
def shown(viewer, qtbot):
    """Give the viewer's panel of an image of axes TZCYX, on the screen."""
    viewer.add_image(np.zeros((5, 6, 3, 8, 9), np.uint8), axis_labels=tuple("tzcyx"), name="five")
    panel = open_panel(viewer)
    with qtbot.waitExposed(viewer.window._qt_window):
        viewer.window._qt_window.show()
    return panel


@pytest.mark.short_pass
def test_a_click_on_a_link_and_in_its_menu_changes_the_line(shown, qtbot):
    line = shown.axes_line
    assert line.sentence == "T=5 · Z=6 · C=3 used as channels · Y×X segmented"
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton, pos=QPoint(6, 8))
    qtbot.waitUntil(line.menu.isVisible)
    first = line.menu.actionGeometry(line.menu.actions()[0]).center()
    qtbot.mouseClick(line.menu, Qt.MouseButton.LeftButton, pos=first)
    assert line.sentence == "T=5 used as channels · Z=6 · C=3 · Y×X segmented"
    click_part(shown, qtbot, "0", "Step through, plane by plane")
    assert line.sentence == "T=5 · Z=6 · C=3 · Y×X segmented"
    click_part(shown, qtbot, "plane", "Segment Z×X")
    assert line.sentence == "T=5 · C=3 · Y=8 · Z×X segmented"


def test_each_layer_keeps_its_own_reading(shown, viewer, qtbot):
    click_part(shown, qtbot, "1", "Use as channels")
    five = viewer.layers["five"]
    other = viewer.add_image(np.zeros((7, 2, 8, 9)), name="other")
    shown.image.value = other
    assert "axis 1=2 used as channels" in shown.axes_line.sentence
    shown.image.value = five
    five.name = "renamed"
    assert "Z=6 used as channels" in shown.axes_line.sentence
    assert shown.input.snapshot().axes.channel == 1


def test_the_line_follows_the_layer(shown, viewer):
    layer = viewer.layers["five"]
    layer.axis_labels = tuple("abcde")
    assert shown.axes_line.sentence == "A=5 · B=6 · C=3 used as channels · D×E segmented"
    layer.data = np.zeros((2, 2, 2, 8, 9), np.uint8)
    assert shown.axes_line.sentence == "A=2 · B=2 · C=2 used as channels · D×E segmented"


@pytest.mark.short_pass
def test_layers_of_one_channel_are_segmented_together(viewer, halves, finish):
    one = viewer.add_image(halves, name="nuclei")
    viewer.add_image(halves[::-1].copy(), name="membrane")
    panel = open_panel(viewer)
    panel.image.value = one
    panel.input.channels.menu.aboutToShow.emit()
    panel.input.channels.menu.actions()[0].trigger()
    assert panel.axes_line.sentence == "nuclei, membrane used as channels · Y×X segmented"
    layer = finish(panel)
    assert layer.name == "nuclei, membrane segments"
    plane = to_plane(np.stack([halves, halves[::-1]]), channel_axis=0)
    source = Recipe.from_metadata(layer.metadata).source
    expected = Source.of(plane, "nuclei, membrane")
    assert (source.name, source.sha256) == (expected.name, expected.sha256)
    assert source.position == (None, None)


def test_layers_that_do_not_agree_are_explained_at_once_and_on_segment(viewer, halves):
    one = viewer.add_image(halves, name="nuclei")
    two = viewer.add_image(halves, name="membrane")
    panel = open_panel(viewer)
    panel.image.value = one
    panel.input.channels.menu.aboutToShow.emit()
    panel.input.channels.menu.actions()[0].trigger()
    two.scale = (2, 2)
    assert "'membrane' and 'nuclei' cannot be channels of one image" in panel.axes_line.text()
    panel.start()
    assert "scale 2, 2 against 1, 1" in last_notification()
    assert panel.run is None
    two.scale = (1, 1)
    assert "cannot be" not in panel.axes_line.text()


def test_the_part_of_the_layers_opens_the_list_of_layers(viewer, halves, qtbot):
    viewer.add_image(halves, name="nuclei")
    viewer.add_image(halves, name="membrane")
    panel = open_panel(viewer)
    menu = panel.input.channels.menu
    panel.axes_line.layers_asked.emit()
    qtbot.waitUntil(menu.isVisible)
    assert len(menu.actions()) == 1
    menu.close()


@pytest.mark.short_pass
def test_the_labels_of_a_level_come_back_at_the_right_place(viewer, halves, finish):
    image = viewer.add_image(
        [halves.repeat(2, 0).repeat(2, 1), halves], multiscale=True, name="pyramid", scale=(3, 3)
    )
    panel = open_panel(viewer)
    assert panel.input.level.value == 0
    panel.input.level.value = 1
    assert image.metadata["dynaseg_level"] == 1
    layer = finish(panel)
    assert layer.data.shape == halves.shape
    np.testing.assert_allclose(layer.scale, (6, 6))
    corners = np.array([[-0.5, -0.5], np.array(halves.shape) - 0.5])
    for corner in corners:
        where = image.data_to_world(2 * corner + 0.5)
        np.testing.assert_allclose(layer.data_to_world(corner), where)


def test_docking_the_panel_keeps_the_levels(viewer, halves):
    viewer.add_image([halves, halves[::2, ::2]], multiscale=True)
    panel = open_panel(viewer)
    panel.reset_choices()
    assert panel.input.level.choices == (0, 1)


def test_only_images_of_several_levels_show_them(shown, viewer, halves):
    assert not shown.input.level.visible
    layer = viewer.add_image([halves, halves[::2, ::2]], multiscale=True, name="pyramid")
    shown.image.value = layer
    assert shown.input.level.visible
    viewer.layers.remove(layer)
    assert not shown.input.level.visible
    viewer.layers.clear()
    assert shown.axes_line.text() == "Open an image to segment it."


def test_the_rows_of_the_panel_begin_at_one_place(shown, qtbot):
    labelled = [row.native for row in shown if row.native.parentWidget() is not shown.native]
    qtbot.waitUntil(lambda: len({row.x() for row in labelled if row.isVisible()}) == 1)
