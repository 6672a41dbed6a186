"""Journals of a viewer's layers: what has one, when it goes, and what it gives back."""

import dask.array
import numpy as np
import pytest
import zarr
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager
from npe2 import PluginManifest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMainWindow
from tests._napari.conftest import QUICK, TIMEOUT, open_panel
from tests._napari.panel.test_widget import wait_for_threads

from napari_dynaseg._napari.work import recovery as recovery_module
from napari_dynaseg._napari.work.recovery import FOLDER_VARIABLE, Recovery, find_folder
from napari_dynaseg.errors import FileError
from napari_dynaseg.files.journal import HEAD, Journal, read_journal

MAP = np.array([[1, 1, 2], [3, 0, 2]], np.int32)


def find_recovery(panel, qtbot):
    qtbot.waitUntil(lambda: panel.recovery.keeper is not None, timeout=TIMEOUT)
    return panel.recovery.keeper


@pytest.fixture
def model():
    """Give a viewer without a window of its own."""
    return ViewerModel()


@pytest.fixture
def window(qtbot):
    """Give a window."""
    window = QMainWindow()
    qtbot.addWidget(window)
    return window


@pytest.fixture
def keeper(model, window):
    """Give what keeps the journals of the viewer while the window is there."""
    return Recovery.of(model, window)


def list_journals():
    return sorted(head.parent for head in find_folder().glob(f"*/*/{HEAD}"))


def read_all(keeper):
    """Bring the journals up to date and read them."""
    keeper.write_changed()
    keeper.wait()
    return [(np.asarray(pixels), state) for pixels, state in map(read_journal, list_journals())]


def paint(layer, at, label):
    layer.data_setitem(tuple(np.array([index]) for index in at), label)


def test_paint_and_undo_are_in_the_journal(model, keeper):
    layer = model.add_labels(MAP.copy(), name="mine", scale=(2, 3))
    assert read_all(keeper) == []
    paint(layer, (0, 0), 9)
    painted = layer.data.copy()
    paint(layer, (1, 1), 8)
    ((pixels, state),) = read_all(keeper)
    np.testing.assert_array_equal(pixels, layer.data)
    assert (state.name, state.scale) == ("mine", (2, 3))
    layer.undo()
    ((pixels, _),) = read_all(keeper)
    np.testing.assert_array_equal(pixels, painted)


def test_a_stroke_with_the_brush_is_in_the_journal_while_it_lasts(model, keeper):
    layer = model.add_labels(np.zeros((3, 20, 20), np.uint8))
    with layer.block_history():
        layer.paint((0, 5, 5), 4)
        ((pixels, _),) = read_all(keeper)
        assert pixels[0, 5, 5] == 4
    layer.fill((0, 0, 0), 2)
    ((pixels, _),) = read_all(keeper)
    np.testing.assert_array_equal(pixels, layer.data)


def test_journals_are_written_soon_after_a_change_by_themselves(model, window, qtbot, monkeypatch):
    monkeypatch.setattr(recovery_module, "PAUSE_MS", 30)
    layer = model.add_labels(MAP.copy())
    Recovery.of(model, window)
    paint(layer, (0, 0), 9)
    qtbot.waitUntil(lambda: len(list_journals()) == 1, timeout=TIMEOUT)
    layer.undo()
    qtbot.waitUntil(lambda: read_journal(*list_journals())[0][0, 0] == 1, timeout=TIMEOUT)


def test_a_run_begins_no_journal_but_paint_that_it_carries_over_does(panel, finish, qtbot):
    keeper = find_recovery(panel, qtbot)
    first = finish(panel)
    wait_for_threads(qtbot)
    assert read_all(keeper) == []
    paint(first, (5, 5), 70)
    panel.show_settings(QUICK.change(seed=3))
    second = finish(panel)
    wait_for_threads(qtbot)
    journalled = read_all(keeper)
    assert len(journalled) == 2
    for pixels, state in journalled:
        layer = {first.name: first, second.name: second}[state.name]
        np.testing.assert_array_equal(pixels, layer.data)
        assert state.metadata.keys() == {"dynaseg_recipe", "dynaseg_network_map", "dynaseg_tree"}


def test_names_of_labels_are_work_as_well(model, keeper):
    layer = model.add_labels(MAP.copy(), metadata={"mine": object()})
    layer.features = {"index": [1], "class": ["nucleus"]}
    ((_, state),) = read_all(keeper)
    assert [column.values for column in state.features] == [(1,), ("nucleus",)]
    assert state.metadata == {}


def test_a_layer_that_is_removed_takes_its_journal_along(model, keeper):
    first, second = model.add_labels(MAP.copy()), model.add_labels(MAP.copy())
    for layer in (first, second):
        paint(layer, (0, 0), 9)
    assert len(read_all(keeper)) == 2
    model.layers.remove(first)
    assert len(read_all(keeper)) == 1
    paint(first, (0, 1), 9)
    assert len(read_all(keeper)) == 1


@pytest.mark.parametrize("ending", [".dynaseg.ome.tif", ".dynaseg.ome.zarr"])
def test_a_layer_that_is_saved_has_no_journal_until_it_is_painted_on_again(
    model, keeper, tmp_path, npe2pm, ending
):
    npe2pm.register(PluginManifest.from_distribution("napari-dynaseg"))
    layer = model.add_labels(MAP.copy())
    other = model.add_labels(MAP.copy())
    paint(layer, (0, 0), 9)
    paint(other, (0, 0), 7)
    assert len(read_all(keeper)) == 2
    layer.save(str(tmp_path / f"saved{ending}"))
    ((pixels, _),) = read_all(keeper)
    assert pixels[0, 0] == 7
    paint(layer, (0, 1), 8)
    assert len(read_all(keeper)) == 2


def test_of_labels_on_disk_all_but_the_pixels_is_kept(model, keeper, tmp_path):
    array = zarr.create_array(tmp_path / "labels.zarr", data=MAP)
    layer = model.add_labels(array, name="disk")
    paint(layer, (0, 0), 9)
    ((pixels, state),) = read_all(keeper)
    assert (pixels[0, 0], state.name) == (9, "disk")
    assert [path.name for path in list_journals()[0].iterdir()] == [HEAD]


def test_lazy_labels_which_take_no_paint_have_no_journal(model, keeper):
    layer = model.add_labels(dask.array.from_array(MAP))
    layer.features = {"index": [1]}
    assert read_all(keeper) == []


def test_a_closed_panel_leaves_the_journals_and_a_new_one_goes_on_with_them(viewer, qtbot):
    panel = open_panel(viewer)
    keeper = find_recovery(panel, qtbot)
    layer = viewer.add_labels(MAP.copy())
    paint(layer, (0, 0), 9)
    read_all(keeper)
    viewer.window.remove_dock_widget("all")
    qtbot.waitUntil(lambda: panel.recovery.keeper is None, timeout=TIMEOUT)
    paint(layer, (0, 1), 8)
    ((pixels, _),) = read_all(keeper)
    np.testing.assert_array_equal(pixels, layer.data)
    assert find_recovery(open_panel(viewer), qtbot) is keeper


def test_a_window_that_closes_takes_all_journals_along_and_one_that_hides_does_not(
    model, window, keeper, qtbot
):
    paint(model.add_labels(MAP.copy()), (0, 0), 9)
    assert len(read_all(keeper)) == 1
    window.show()
    window.hide()
    window.show()
    keeper.wait()
    assert len(list_journals()) == 1
    window.close()
    qtbot.waitUntil(lambda: list(find_folder().iterdir()) == [], timeout=TIMEOUT)


def test_a_window_that_was_never_shown_takes_all_journals_along_too(model, qtbot):
    window = QMainWindow()
    keeper = Recovery.of(model, window)
    paint(model.add_labels(MAP.copy()), (0, 0), 9)
    assert len(read_all(keeper)) == 1
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    window.close()
    qtbot.waitUntil(lambda: list_journals() == [], timeout=TIMEOUT)


def test_a_disk_that_takes_nothing_is_told_once_and_tried_again(model, keeper, monkeypatch, qtbot):
    def fail(*_):
        raise FileError("the disk is full")

    def count_warnings():
        return sum("the disk is full" in each.message for each in notification_manager.records)

    before = count_warnings()
    layer = model.add_labels(MAP.copy(), name="mine")
    monkeypatch.setattr(Journal, "write", fail)
    for label in (7, 8):
        paint(layer, (0, 0), label)
        read_all(keeper)
        qtbot.wait(50)
    assert count_warnings() == before + 1
    monkeypatch.undo()
    monkeypatch.setenv(FOLDER_VARIABLE, str(keeper.folder))
    ((pixels, _),) = read_all(keeper)
    assert pixels[0, 0] == 8
    qtbot.waitUntil(lambda: not keeper.has_problem, timeout=TIMEOUT)


def test_a_folder_that_cannot_be_read_is_told_and_offers_nothing(model, keeper, capsys):
    keeper.folder.parent.mkdir(exist_ok=True)
    keeper.folder.touch()
    assert keeper.list_left() == []
    assert "cannot be read" in notification_manager.records[-1].message


def test_the_journals_lie_among_the_users_data(monkeypatch):
    monkeypatch.delenv(FOLDER_VARIABLE)
    assert find_folder().parts[-2:] == ("napari-dynaseg", "recovery")
    assert find_folder().is_absolute()


def test_there_is_one_keeper_to_a_window(model, window, keeper):
    assert Recovery.of(model, window) is keeper
