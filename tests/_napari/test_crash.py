"""A viewer that is killed with unsaved paint: the next one offers it back, as it was."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests._napari.conftest import QUICK

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")

PLACING = {"scale": (2, 0.5), "translate": (3, 4), "units": ("um", "um")}


def open_session():
    """Open a viewer with a picture and the panel, as a user does."""
    import napari
    from qtpy.QtTest import QTest

    viewer = napari.Viewer()
    picture = np.full((24, 32), 40, np.uint8)
    picture[:, 16:] = 200
    viewer.add_image(picture, name="halves", **PLACING)
    _, panel = viewer.window.add_plugin_dock_widget("napari-dynaseg", "Dynamic-weight segmenter")
    panel.show_settings(QUICK)
    QTest.qWait(300)
    return viewer, panel


def wait_until(is_so):
    from qtpy.QtTest import QTest

    for _ in range(300):
        if is_so():
            return
        QTest.qWait(100)
    raise AssertionError("it took too long")


def stroke(viewer, start, end):
    """Draw a line with the brush: real events of the mouse on the canvas."""
    from qtpy.QtCore import QPoint, Qt
    from qtpy.QtTest import QTest

    canvas = viewer.window._qt_viewer.canvas.native
    zoom, centre = viewer.camera.zoom, viewer.camera.center

    def find(world):
        row, column = (axis - middle for axis, middle in zip(world, centre[-2:], strict=True))
        return QPoint(
            round(column * zoom + canvas.width() / 2), round(row * zoom + canvas.height() / 2)
        )

    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(canvas, left, none, find(start))
    QTest.mouseMove(canvas, find(end))
    QTest.mouseRelease(canvas, left, none, find(end))


def be_killed_with_unsaved_paint(goal):
    """Segment, paint, undo, name; wait for the journal to have it; be killed."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    from napari_dynaseg._napari.work.recovery import find_folder
    from napari_dynaseg.errors import FileError
    from napari_dynaseg.files.journal import read_journal

    viewer, panel = open_session()
    panel.segment_button.native.click()
    layer = panel.run.layer
    wait_until(lambda: panel.run is None and layer.editable)
    before = layer.data.copy()
    layer.mode, layer.selected_label, layer.brush_size = "paint", 70, 3
    stroke(viewer, (13, 7), (33, 7))
    painted = layer.data.copy()
    assert (painted == 70).sum() > 10
    assert ((painted == 70) | (painted == before)).all()
    stroke(viewer, (13, 14), (33, 14))
    assert (layer.data != painted).any()
    QTest.keyClick(
        viewer.window._qt_viewer.canvas.native, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier
    )
    np.testing.assert_array_equal(layer.data, painted)
    layer.features = {"index": [70], "class": ["nucleus"]}

    def is_journalled():
        try:
            (journal,) = find_folder().glob("*/*")
            pixels, state = read_journal(journal)
        except (FileError, ValueError):
            return False
        return bool(state.features) and np.array_equal(pixels, painted)

    wait_until(is_journalled)
    np.save(goal, painted)
    os.kill(os.getpid(), signal.SIGKILL)


def restore_and_close(goal):
    """Take what is offered, compare it with what was painted, and close the window."""
    import napari
    from qtpy.QtCore import QTimer

    from napari_dynaseg._napari.work.recovery import find_folder

    viewer, panel = open_session()
    (row,) = panel.recovery
    assert row.line.isVisible()
    print(row.line.text())
    row.restore_button.native.click()
    wait_until(lambda: len(viewer.layers) == 2)
    layer = viewer.layers[-1]
    np.testing.assert_array_equal(layer.data, np.load(goal), strict=True)
    assert layer.name == "halves segments"
    np.testing.assert_array_equal(layer.scale, PLACING["scale"])
    np.testing.assert_array_equal(layer.translate, PLACING["translate"])
    assert [str(unit) for unit in layer.units] == ["micrometer"] * 2
    assert layer.metadata.keys() == {"dynaseg_recipe", "dynaseg_network_map", "dynaseg_tree"}
    assert layer.features.to_dict("list") == {"index": [70], "class": ["nucleus"]}
    wait_until(
        lambda: [str(os.getpid()) in each.name for each in find_folder().iterdir()] == [True]
    )
    QTimer.singleShot(0, viewer.window._qt_window.close)
    napari.run()
    print("the session ended")


def run_session(name, goal, folder):
    where = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")
    return subprocess.run(
        [sys.executable, "-c", f"import {__name__} as t; t.{name}({str(goal)!r})"],
        cwd=Path(__file__).parents[2],
        env={
            **os.environ,
            **dict.fromkeys(where, str(folder)),
            "NAPARI_DYNASEG_RECOVERY": str(folder / "recovery"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_what_a_killed_viewer_had_is_offered_by_the_next_as_it_was(tmp_path):
    goal = tmp_path / "painted.npy"
    killed = run_session("be_killed_with_unsaved_paint", goal, tmp_path)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    session = run_session("restore_and_close", goal, tmp_path)
    assert "Traceback" not in session.stderr, session.stderr
    assert session.returncode == 0
    assert "'halves segments'" in session.stdout
    assert "the session ended" in session.stdout
    assert list((tmp_path / "recovery").iterdir()) == []
