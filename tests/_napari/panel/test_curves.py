"""The curves of a run, as they are on the screen."""

import numpy as np
import pytest
from qtpy.QtGui import QColor
from tests._napari.conftest import TIMEOUT, open_panel

from napari_dynaseg._napari.panel.curves import BLUE, GREEN, ORANGE, Curves
from napari_dynaseg._napari.work.worker import Measures, Progress


@pytest.fixture
def curves(qtbot):
    curves = Curves("dark")
    qtbot.addWidget(curves)
    curves.resize(320, 250)
    curves.build()
    return curves


def tell(*iterations):
    return Progress(
        tuple(Measures(at, 100 - at, 0.1 * at, 3.0 / at, 1.0 / at) for at in iterations)
    )


def list_colours(curves):
    """List the colours of curves that are seen, which are blended a little at their edges."""
    image = curves.grab().toImage()
    seen = {
        image.pixelColor(x, y).getRgb()[:3]
        for x in range(image.width())
        for y in range(image.height())
    }
    return {
        colour
        for colour in (BLUE, ORANGE, GREEN)
        if any(np.abs(np.subtract(QColor(colour).getRgb()[:3], each)).max() < 25 for each in seen)
    }


def test_before_a_run_there_is_the_frame_alone(curves):
    assert list_colours(curves) == set()


def test_a_run_draws_all_curves_and_the_next_begins_anew(curves):
    curves.add_update(tell(1, 2, 3))
    assert list_colours(curves) == {BLUE, ORANGE, GREEN}
    curves.clear_curves()
    assert list_colours(curves) == set()


def test_iterations_that_are_told_again_are_drawn_once(curves):
    curves.add_update(tell(1, 2))
    curves.add_update(tell(1, 2, 3))
    iterations, counts = curves._lines["labels_in_use"].getData()
    assert iterations.tolist() == [1, 2, 3]
    assert counts.tolist() == [99, 98, 97]


def test_a_panel_opens_without_the_library_of_plots_and_has_them_a_moment_later(viewer, qtbot):
    panel = open_panel(viewer)
    assert not panel.display.curves._lines
    panel.native.grab()  # paints it
    qtbot.waitUntil(lambda: bool(panel.display.curves._lines), timeout=TIMEOUT)
