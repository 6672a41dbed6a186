"""The engine loads while the panel opens, and a run that has to wait for it says so."""

import threading

import pytest

from napari_dynaseg._napari.panel.progress_display import ProgressDisplay
from napari_dynaseg._napari.work import preloading
from napari_dynaseg._napari.work.preloading import is_preloading, preload_engine
from napari_dynaseg.settings import Settings


@pytest.fixture
def display(qtbot):
    display = ProgressDisplay("dark")
    for widget in (display.bar.native, display.status, display.curves):
        qtbot.addWidget(widget)
    return display


@pytest.fixture
def held_up(monkeypatch):
    """Hold the loading up until this is set."""
    event = threading.Event()
    monkeypatch.setattr(preloading, "_warm_up", event.wait)
    yield event
    event.set()


def test_the_engine_loads_in_a_thread_of_its_own():
    thread = preload_engine()
    thread.join(timeout=60)
    assert not thread.is_alive()


def test_a_run_that_begins_while_the_engine_loads_says_that_it_waits(display, held_up):
    thread = preload_engine()
    assert is_preloading()
    display.show_start(Settings())
    assert "first time that takes some ten seconds" in display.status.text()
    held_up.set()
    thread.join()
    assert not is_preloading()


def test_a_run_of_a_loaded_engine_just_starts(display):
    display.show_start(Settings())
    assert display.status.text() == "Starting …"
