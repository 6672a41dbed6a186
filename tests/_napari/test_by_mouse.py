"""A whole correction by mouse and keyboard in a shown viewer, from a stroke to reopening."""

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from tests._napari.conftest import TIMEOUT, find_camera, open_panel

from napari_dynaseg._napari.panel.correct.correction_rows import SELECTED

LEFT, NOTHING = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def picture():
    """Give a 60×80 picture: dark on the left, bright on the right, a little noise."""
    pixels = np.full((60, 80), 40, np.uint8)
    pixels[:, 40:] = 200
    return pixels + np.random.default_rng(0).integers(0, 20, pixels.shape, np.uint8)


class Hand:
    """A mouse and a keyboard over a viewer's canvas."""

    def __init__(self, viewer, qtbot):
        self.viewer = viewer
        self.canvas = viewer.window._qt_viewer.canvas.native
        qtbot.waitUntil(lambda: self.canvas.isVisible() and self.canvas.width() > 100)
        viewer.reset_view()
        QTest.qWait(100)

    def find(self, row, column):
        camera = find_camera(self.viewer)
        zoom, centre = camera.zoom, camera.center
        x = (column - centre[-1]) * zoom + self.canvas.width() / 2
        y = (row - centre[-2]) * zoom + self.canvas.height() / 2
        return QPoint(round(x), round(y))

    def stroke(self, start, end):
        QTest.mousePress(self.canvas, LEFT, NOTHING, self.find(*start))
        QTest.mouseMove(self.canvas, self.find(*end))
        QTest.mouseRelease(self.canvas, LEFT, NOTHING, self.find(*end))

    def click(self, row, column):
        self.stroke((row, column), (row, column))

    def undo(self):
        QTest.keyClick(self.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


def press(widget):
    QTest.mouseClick(widget.native, LEFT)


def test_paint_merge_split_undo_refine_run_again_save_and_reopen(
    make_napari_viewer, qtbot, tmp_path, picture
):
    viewer = make_napari_viewer(show=True)
    image = viewer.add_image(picture, name="halves", scale=(0.5, 0.5))
    image.units = ("um", "um")
    panel = open_panel(viewer)
    hand = Hand(viewer, qtbot)

    def run(button):
        with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
            press(button)
        qtbot.wait(50)

    run(panel.segment_button)
    layer = viewer.layers[-1]
    qtbot.waitUntil(lambda: layer.editable, timeout=TIMEOUT)

    # Paint: label 70 in two places that do not touch.
    layer.mode, layer.selected_label, layer.brush_size = "paint", 70, 3
    for column in (5, 33):
        hand.stroke((5, column), (13, column))
    painted = layer.data.copy()
    assert (painted[:, :30] == 70).any()
    assert (painted[:, 60:] == 70).any()

    # Split: the second part takes a new number; Ctrl+Z takes that back.
    panel.corrections.rows.on.value = SELECTED
    press(panel.corrections.rows.buttons["parts"])
    qtbot.waitUntil(lambda: (layer.data != painted).any(), timeout=TIMEOUT)
    split = layer.data.copy()
    parts = np.unique(split[painted == 70])
    assert len(parts) == 2
    assert (split[painted != 70] == painted[painted != 70]).all()
    hand.undo()
    np.testing.assert_array_equal(layer.data, painted)

    # Merge: the part that is clicked second joins what is clicked first.
    part = (painted == 70) & (np.arange(80) < 40)
    press(panel.corrections.rows.buttons["merge"])
    hand.click(25, 5)
    hand.click(9 / 2, 5)
    qtbot.waitUntil(lambda: (layer.data != painted).any(), timeout=TIMEOUT)
    np.testing.assert_array_equal(layer.data, np.where(part, painted[50, 10], painted))
    hand.undo()
    np.testing.assert_array_equal(layer.data, painted)
    panel.corrections.stop_clicks()

    # Refine: the paint stays, to the pixel.
    viewer.layers.selection.active = layer
    run(panel.refine_button)
    refined = layer.data.copy()
    assert (refined[painted == 70] == 70).all()

    # Run again: a layer of its own, which has the paint.
    run(panel.segment_button)
    again = viewer.layers[-1]
    assert again is not layer
    np.testing.assert_array_equal(layer.data, refined)
    qtbot.waitUntil(lambda: (again.data[painted == 70] == 70).all(), timeout=TIMEOUT)

    # Save and reopen: equal in pixels, scale, units and recipe.
    path = tmp_path / "halves.dynaseg.ome.tif"
    layer.save(str(path), plugin="napari-dynaseg")
    (reopened,) = viewer.open(str(path), plugin="napari-dynaseg")
    np.testing.assert_array_equal(reopened.data, refined)
    assert reopened.scale.tolist() == [0.5, 0.5]
    assert list(map(str, reopened.units)) == ["micrometer"] * 2
    assert reopened.metadata["dynaseg_recipe"]["refinements"]
