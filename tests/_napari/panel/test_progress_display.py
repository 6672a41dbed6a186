"""What the panel says of a run stays true while knobs are turned."""

import pytest

from napari_dynaseg._napari.panel.progress_display import ProgressDisplay
from napari_dynaseg._napari.work.worker import Measures, Progress
from napari_dynaseg.method.subsampling import limit_iterations
from napari_dynaseg.settings import Settings

FAST = Settings(quality="fast", scheme="scf")
MOST = limit_iterations(FAST)


@pytest.fixture
def display(qtbot):
    display = ProgressDisplay("dark")
    for widget in (display.bar.native, display.status, display.curves):
        qtbot.addWidget(widget)
    display.show_start(FAST)
    return display


def reach(iteration):
    """Give what a run tells when it has reached an iteration."""
    return Progress((Measures(iteration, 5, 1.0, 1.0, 1.0),))


def test_a_knob_turned_long_after_the_last_labels_counts_from_where_the_run_is(display):
    display.show(reach(1))
    display.show(reach(40))
    display.show_turn(FAST)
    assert display.bar.max == 40 + MOST


def test_a_run_that_gets_further_than_foreseen_moves_the_end_of_its_bar(display):
    display.show(reach(1))
    display.show_turn(FAST)
    display.show(reach(MOST + 9))
    assert (display.bar.value, display.bar.max) == (MOST + 9, MOST + 9)
    assert f"iteration {MOST + 9} of {MOST + 9}" in display.status.text()
    assert "at most 0\N{NO-BREAK SPACE}s left" in display.status.text()
