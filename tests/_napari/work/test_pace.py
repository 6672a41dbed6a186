"""When a run may show itself."""

import pytest

from napari_dynaseg._napari.work import pace as module
from napari_dynaseg._napari.work.pace import SECONDS_BETWEEN_COUNTS, Pace


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets by hand."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def show(pace, labelling, drawing):
    assert pace.try_pass()
    pace.mark_labelled(labelling)
    pace.mark_drawn(drawing)


def test_nothing_passes_before_the_last_update_is_drawn(clock):
    pace = Pace(seconds=0)
    assert pace.try_pass()
    clock.now += 60
    assert not pace.try_pass()
    assert not pace.try_count()
    pace.mark_drawn(0)
    assert pace.try_pass()


def test_slow_drawing_makes_long_pauses(clock):
    pace = Pace(seconds=0)
    show(pace, 0, 0.6)
    clock.now += 9
    assert not pace.try_pass()
    clock.now += 2
    assert pace.try_pass()


def test_the_iterations_are_counted_while_costly_labels_pause(clock):
    pace = Pace()
    show(pace, 3, 0.01)  # a pause of 20 s
    assert not pace.try_count()
    clock.now += SECONDS_BETWEEN_COUNTS + 0.1
    assert not pace.try_pass()
    assert pace.try_count()
    pace.mark_drawn(0.01)
    assert not pace.try_count()
    clock.now += 20
    assert pace.try_pass()


def test_where_labels_cost_nothing_nothing_is_counted_between_them(clock):
    pace = Pace()
    show(pace, 0.001, 1)
    clock.now += 10
    assert not pace.try_pass()
    assert not pace.try_count()


def test_labels_that_the_end_of_the_run_would_overtake_are_not_worth_it():
    pace = Pace()
    assert pace.is_worth_labelling(0)
    pace.mark_labelled(0.4)
    assert not pace.is_worth_labelling(2)
    assert pace.is_worth_labelling(3)
