"""Closing the window by the window manager while a network trains: it asks, and nothing hangs."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest
from qtpy.QtCore import QThreadPool, QTimer
from qtpy.QtWidgets import QApplication, QDialog, QPushButton
from tests._napari.conftest import TIMEOUT, open_panel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="speaks to the X server")


class ClientMessage(ctypes.Structure):
    """XClientMessageEvent, padded to the size of an XEvent."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("padding", ctypes.c_long * 24),
    )


def close_as_window_manager(window_id):
    """Send a window the message that the cross in its frame sends."""
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = ctypes.c_ulong
    x11.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    x11.XSendEvent.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long]
    x11.XSendEvent.argtypes += [ctypes.c_void_p]
    x11.XFlush.argtypes = x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    display = x11.XOpenDisplay(None)
    message = ClientMessage(type=33, window=window_id, format=32)
    message.message_type = x11.XInternAtom(display, b"WM_PROTOCOLS", False)
    message.data[0] = x11.XInternAtom(display, b"WM_DELETE_WINDOW", False)
    x11.XSendEvent(display, window_id, False, 0, ctypes.byref(message))
    x11.XFlush(display)
    x11.XCloseDisplay(display)


@pytest.fixture
def shown(make_napari_viewer, halves, begin):
    """Give a viewer on the screen, its panel and a run that trains."""
    viewer = make_napari_viewer(show=True)
    viewer.add_image(halves, name="halves")
    panel = open_panel(viewer)
    return viewer, panel, begin(panel)


def answer_dialog(button_text):
    """Press a button of each question of napari's; give the list that they then are in.

    There are two: one for what is still running, one for the layers.
    """
    asked = []

    def answer():
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QDialog):
            return
        buttons = {button.text(): button for button in dialog.findChildren(QPushButton)}
        asked.append(dialog)
        buttons.get(button_text, buttons["Cancel"]).click()

    timer = QTimer()
    timer.timeout.connect(answer)
    timer.start(20)
    return asked, timer


def test_closing_asks_first_and_no_keeps_the_run_going(shown, qtbot):
    viewer, panel, run = shown
    asked, timer = answer_dialog("Cancel")
    close_as_window_manager(int(viewer.window._qt_window.winId()))
    qtbot.waitUntil(lambda: bool(asked), timeout=TIMEOUT)
    before = run.update.now.iteration
    qtbot.waitUntil(lambda: run.update.now.iteration > before, timeout=TIMEOUT)
    assert viewer.window._qt_window.isVisible()
    panel.stop()
    qtbot.waitUntil(lambda: QThreadPool.globalInstance().activeThreadCount() == 0, timeout=TIMEOUT)


def close_in_a_session_of_its_own():
    """Run a session as a user does: open, segment, close by the window manager, say yes."""
    import napari

    from napari_dynaseg.image.synthetic import draw_cells
    from napari_dynaseg.settings import Settings

    viewer = napari.Viewer()
    viewer.add_image(draw_cells((8, 64, 64), cells=9).image[0, 4])
    _, panel = viewer.window.add_plugin_dock_widget("napari-dynaseg", "Dynamic-weight segmenter")
    panel.show_settings(Settings(channels=20, iterations=100_000, minimum_labels=1))
    panel.start()
    run = panel.run
    asked, timer = answer_dialog("Close")
    window_id = int(viewer.window._qt_window.winId())
    updates = []
    run.progressed.connect(updates.append)
    run.progressed.connect(lambda: len(updates) == 1 and close_as_window_manager(window_id))
    napari.run()
    assert asked
    assert run.update.now.iteration < 100_000
    assert QThreadPool.globalInstance().activeThreadCount() == 0
    print("the session ended")


def test_closing_with_yes_ends_the_run_and_the_session(tmp_path):
    session = subprocess.run(
        [sys.executable, "-c", f"import {__name__} as t; t.close_in_a_session_of_its_own()"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in session.stderr, session.stderr
    assert (session.returncode, session.stdout.split("\n")[-2:]) == (0, ["the session ended", ""])


def test_closing_in_code_while_a_run_trains_raises_nothing(shown, qtbot):
    viewer, _, _ = shown
    viewer.close()
    qtbot.waitUntil(lambda: QThreadPool.globalInstance().activeThreadCount() == 0, timeout=TIMEOUT)
