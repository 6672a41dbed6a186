"""Whether a window can be shown is found out without risking this process."""

import sys

import pytest

from napari_dynaseg._napari import display
from napari_dynaseg._napari.display import can_open_windows, find_virtual_display

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="Linux may be without a display")


@linux_only
def test_no_window_is_tried_without_a_display(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not can_open_windows()


@linux_only
def test_a_display_that_is_dead_is_found_out(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":987")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not can_open_windows()


def test_a_display_that_is_there_is_found():
    assert can_open_windows()


def test_a_virtual_display_is_found_where_xvfb_is(monkeypatch):
    monkeypatch.setattr(display.shutil, "which", lambda program: f"/somewhere/{program}")
    assert find_virtual_display()[:2] == ["/somewhere/xvfb-run", "-a"]
    monkeypatch.setattr(display.shutil, "which", lambda program: None)
    assert find_virtual_display() == []
