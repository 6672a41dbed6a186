"""A line shows over the canvas while it is drawn, and never after."""

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget

from napari_dynaseg._napari.panel.correct.stroke import Stroke, find_canvas


@pytest.mark.short_pass
def test_a_line_is_drawn_where_the_mouse_went_and_lets_it_through(qtbot):
    canvas = QWidget()
    canvas.setStyleSheet("background-color: black")
    qtbot.addWidget(canvas)
    canvas.resize(60, 40)
    canvas.show()
    stroke = Stroke(canvas)
    stroke.show_line([(5, 20), (50, 20)])
    assert stroke.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    picture = canvas.grab().toImage()
    ratio = picture.width() / 60
    assert picture.pixelColor(int(25 * ratio), int(20 * ratio)).lightness() > 200
    assert picture.pixelColor(int(25 * ratio), int(5 * ratio)).lightness() < 50
    stroke.show_line([])
    assert not stroke.isVisible()


def test_the_canvas_is_that_of_the_window_of_the_panel(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    panel, alone = QWidget(), QWidget()
    viewer.window.add_dock_widget(panel, name="panel")
    assert find_canvas(panel) is not None
    qtbot.addWidget(alone)
    assert find_canvas(alone) is None
