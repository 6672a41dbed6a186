"""Closing the window, in whatever state: the user is asked, nothing is raised, nothing hangs."""

import ctypes
import itertools
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import QThreadPool, QTimer
from qtpy.QtWidgets import QApplication, QDialog, QPushButton
from tests._napari.conftest import ENDLESS, QUICK, TIMEOUT, open_panel

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


def run_session(call, tmp_path):
    """Run a function of this module in a process of its own."""
    where = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")
    return subprocess.run(
        [sys.executable, "-c", f"import {__name__} as t; t.{call}"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **dict.fromkeys(where, str(tmp_path))},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_closing_with_yes_ends_the_run_and_the_session(tmp_path):
    session = run_session("close_in_a_session_of_its_own()", tmp_path)
    assert "Traceback" not in session.stderr, session.stderr
    assert (session.returncode, session.stdout.split("\n")[-2:]) == (0, ["the session ended", ""])


def test_closing_in_code_while_a_run_trains_raises_nothing(shown, qtbot):
    viewer, _, _ = shown
    viewer.close()
    qtbot.waitUntil(lambda: QThreadPool.globalInstance().activeThreadCount() == 0, timeout=TIMEOUT)


def wait_until(is_so):
    from qtpy.QtTest import QTest

    ends = time.monotonic() + TIMEOUT / 1000
    while not is_so():
        assert time.monotonic() < ends, "it took too long"
        QTest.qWait(5)


def slow_down(function):
    """Make a function take so long that the viewer closes meanwhile."""

    def slow(*arguments, **keywords):
        time.sleep(0.6)
        return function(*arguments, **keywords)

    return slow


def segment(panel):
    panel.start()
    layer = panel.run.layer
    wait_until(lambda: panel.run is None)
    panel._viewer.layers.selection.active = layer
    return layer


def be_running(panel):
    panel.show_settings(ENDLESS)
    panel.start()
    run = panel.run
    wait_until(lambda: run.update is not None)


def be_refining(panel):
    layer = segment(panel)
    layer.data[2:6, 2:6] = 9
    panel.show_settings(ENDLESS.change(refine_iterations=100_000))
    panel.refine()
    wait_until(lambda: panel.display.bar.value > 1)


def be_running_a_method(panel):
    from napari_dynaseg.peers import Method, Preview

    def go_on(_method, plane, _knobs):
        for done in itertools.count(1):
            time.sleep(0.001)  # no method takes less for a step
            yield Preview(done, done + 1)

    Method.begin = go_on
    panel.run_method()
    wait_until(lambda: panel.display.bar.value > 1)


def be_exploring(panel):
    panel.show_settings(ENDLESS)
    panel.explore_button.open()
    sheet = panel.explore_button.sheet
    wait_until(lambda: sheet._task._has_begun)


def be_done_exploring(panel):
    panel.explore_button.open()
    sheet = panel.explore_button.sheet
    wait_until(lambda: sheet._task.is_over)


def be_comparing(panel):
    from napari_dynaseg.recipes.snapshots import Snapshot

    segment(panel)
    panel.compare.scrub(0)
    Snapshot.finish = slow_down(Snapshot.finish)
    run = panel.kept.find(panel.compare.layer)
    panel.compare.finish(run, run.snapshots[0])


def make_slow_tool():
    from napari_dynaseg._napari.layers.tools import TOOLS

    tool = next(tool for tool in TOOLS if tool.name == "relabel")
    return replace(tool, edit=slow_down(tool.edit))


def be_editing(panel):
    segment(panel)
    panel.corrections.press(make_slow_tool())
    assert panel.corrections.queue.tasks.task is not None


def be_measuring(panel):
    from napari_dynaseg._napari.work import label_table

    segment(panel)
    label_table.measure = slow_down(label_table.measure)
    panel.corrections.measure()


def find_saved_network():
    return Path(os.environ["XDG_DATA_HOME"], "network.dynaseg.safetensors")


def be_saving_a_network(panel):
    segment(panel)
    run = panel.network.run
    run.keep_network = slow_down(run.keep_network)
    panel.network.save(find_saved_network())


STATES = {
    state.__name__: state
    for state in (
        be_running,
        be_refining,
        be_running_a_method,
        be_exploring,
        be_done_exploring,
        be_comparing,
        be_editing,
        be_measuring,
        be_saving_a_network,
    )
}
WAYS = {
    "in code": lambda viewer: viewer.close(),
    "by its window": lambda viewer: viewer.window._qt_window.close(),
}


def open_and_close(state, way):
    """Open a viewer, bring it into a state, close it, and let Qt go on for a while."""
    import napari
    from napari.utils.notifications import notification_manager

    viewer = napari.Viewer()
    picture = np.full((24, 32), 40, np.uint8)
    picture[:, 16:] = 200
    viewer.add_image(picture, name="halves")
    _, panel = viewer.window.add_plugin_dock_widget("napari-dynaseg", "Dynamic-weight segmenter")
    panel.show_settings(QUICK)
    wait_until(lambda: panel.recovery.keeper is not None)
    STATES[state](panel)
    QTimer.singleShot(0, lambda: WAYS[way](viewer))
    QTimer.singleShot(1500, QApplication.quit)
    napari.run()
    errors = [each for each in notification_manager.records if each.severity == "error"]
    assert errors == []


def close_in_every_state(way):
    """Go through all states, one viewer after the other."""
    for state in STATES:
        print("closing while", state, flush=True)
        open_and_close(state, way)
        print("closed while", state, flush=True)
    assert find_saved_network().exists()


def end_while_editing():
    """End the script while a tool works in a viewer that was closed."""
    import napari

    viewer = napari.Viewer(show=False)
    viewer.add_labels(np.ones((24, 32), np.int32))
    _, panel = viewer.window.add_plugin_dock_widget("napari-dynaseg", "Dynamic-weight segmenter")
    panel.corrections.press(make_slow_tool())
    viewer.close()
    print("the script ends")


@pytest.fixture(scope="module", params=WAYS)
def session(request, tmp_path_factory):
    """Give a process that has closed viewers in every state, in one way."""
    folder = tmp_path_factory.mktemp("home")
    return run_session(f"close_in_every_state({request.param!r})", folder)


@pytest.mark.parametrize("state", STATES)
def test_closing_raises_nothing_while_it_works(session, state):
    assert f"closed while {state}" in session.stdout.splitlines(), session.stderr[-3000:]


def test_the_process_ends_in_peace_after_viewers_were_closed_in_every_state(session):
    assert session.returncode == 0, session.stderr[-3000:]
    assert "Traceback" not in session.stderr
    assert "has been deleted" not in session.stderr


def test_a_script_that_ends_while_a_tool_works_is_not_aborted(tmp_path):
    session = run_session("end_while_editing()", tmp_path)
    assert (session.returncode, session.stdout) == (0, "the script ends\n"), session.stderr
