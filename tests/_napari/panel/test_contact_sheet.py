"""Explore μ in a real viewer: the sheet fills in, a click adopts, closing ends the worker."""

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from tests._napari.conftest import QUICK, TIMEOUT, open_panel
from tests._napari.panel.test_widget import last_notification, wait_for_threads

from napari_dynaseg._napari.panel.preferences import LastUsed
from napari_dynaseg.method import run

iter_fit_of_the_engine = run.iter_fit
LONG = QUICK.change(channels=100, iterations=100_000)


def open_sheet(panel, settings=QUICK):
    panel.show_settings(settings)
    panel.explore_button.native.click()
    return panel.explore_button.sheet


def count_filled(sheet):
    return sum(cell.isEnabled() for cell in sheet.cells)


def click(qtbot, cell):
    qtbot.mouseClick(cell, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))


@pytest.mark.short_pass
def test_the_sheet_fills_in_picture_by_picture_with_labels_and_seconds_below(panel, qtbot):
    sheet = open_sheet(panel)
    assert sheet.window.isVisible()
    assert not sheet.window.isModal()
    assert count_filled(sheet) == 0
    seen = set()
    qtbot.waitUntil(lambda: seen.add(count_filled(sheet)) or 12 in seen, timeout=TIMEOUT)
    assert len(seen) > 2
    for cell in sheet.cells:
        size = cell.icon().availableSizes()[0]
        assert (size.width(), size.height()) == (150, 112)
        assert cell.text().startswith(f"μ = {cell.settings.mu:g}\n")
        assert " label" in cell.text()
        assert cell.text().endswith(" s")
    wait_for_threads(qtbot)
    assert sheet.status.text().startswith("12 of 12")
    qtbot.waitUntil(lambda: not sheet.stop_button.isEnabled())
    panel.explore_button.close_sheet()


@pytest.mark.short_pass
def test_a_click_adopts_scheme_and_mu_as_if_turned_by_hand(panel, qtbot):
    sheet = open_sheet(panel)
    qtbot.waitUntil(lambda: count_filled(sheet) == 12, timeout=TIMEOUT)
    click(qtbot, sheet.cells[7])
    assert (panel.scheme.value, panel.mu.box.value) == ("fsf", 150.0)
    assert (LastUsed().knobs["scheme"], LastUsed().knobs["mu_fsf"]) == ("fsf", 150.0)
    assert [cell.isChecked() for cell in sheet.cells].index(True) == 7
    click(qtbot, sheet.cells[0])
    assert (panel.settings.scheme, panel.settings.mu) == ("scf", 15.0)
    assert sum(cell.isChecked() for cell in sheet.cells) == 1
    wait_for_threads(qtbot)
    panel.explore_button.close_sheet()


def test_the_rest_of_the_panel_is_what_is_tried(panel, qtbot):
    sheet = open_sheet(panel, QUICK.change(seed=5, channels=6))
    assert {(cell.settings.seed, cell.settings.channels) for cell in sheet.cells} == {(5, 6)}
    panel.explore_button.close_sheet()
    wait_for_threads(qtbot)


@pytest.mark.parametrize("leave", ["stop", "close", "escape", "panel", "viewer", "again"])
def test_leaving_ends_the_worker_and_begins_no_further_runs(
    panel, viewer, qtbot, monkeypatch, leave
):
    begun = []
    monkeypatch.setattr(
        run, "iter_fit", lambda *given: begun.append(given) or iter_fit_of_the_engine(*given)
    )
    viewer.layers[0].data = np.random.default_rng(0).integers(0, 255, (80, 80), np.uint8)
    sheet = open_sheet(panel, LONG)
    qtbot.waitUntil(lambda: count_filled(sheet) == 1, timeout=TIMEOUT)
    before = len(begun)
    if leave == "stop":
        sheet.stop_button.click()
    elif leave == "close":
        sheet.window.close()
    elif leave == "escape":
        qtbot.keyClick(sheet.window, Qt.Key.Key_Escape)
    elif leave == "panel":
        viewer.window.remove_dock_widget("all")
    elif leave == "viewer":
        viewer.close()
    else:
        panel.explore_button.open()
        panel.explore_button.close_sheet()
    wait_for_threads(qtbot)
    assert len(begun) <= before + 1  # one may have begun while this thread was leaving
    if leave == "stop":
        assert count_filled(sheet) == 1
        assert "1 of 12" in sheet.status.text()
        panel.explore_button.close_sheet()
    assert panel.explore_button.sheet is None


def test_without_an_image_it_is_said(viewer, qtbot):
    panel = open_panel(viewer)
    panel.explore_button.open()
    assert panel.explore_button.sheet is None
    assert "there is no image to segment" in last_notification()


def snapshot_lazily(viewer, panel, lazy):
    """Give the job of a lazy image that the viewer itself, which would read it, has not got."""
    viewer.add_image(np.zeros(lazy.shape, lazy.dtype), name="far")
    job = panel.input.snapshot()
    return replace(job, stack=replace(job.stack, arrays=(lazy,)), pinned=None)


def test_a_plane_that_cannot_be_read_is_said(panel, viewer, qtbot):
    def fail(block):
        raise OSError("the disk is gone")

    lazy = da.zeros((24, 32), np.uint8).map_blocks(fail, dtype=np.uint8, meta=np.zeros((), "u1"))
    viewer.layers.clear()
    job = snapshot_lazily(viewer, panel, lazy)
    panel.input.snapshot = lambda: job
    panel.explore_button.open()
    sheet = panel.explore_button.sheet
    wait_for_threads(qtbot)
    qtbot.waitUntil(lambda: not sheet.stop_button.isEnabled())
    assert "the disk is gone" in last_notification()
    panel.explore_button.close_sheet()


def test_while_a_network_trains_no_sheet_is_opened(panel, begin, qtbot):
    begin(panel)
    assert not panel.explore_button.enabled
    panel.stop()
    wait_for_threads(qtbot)
    assert panel.explore_button.enabled
