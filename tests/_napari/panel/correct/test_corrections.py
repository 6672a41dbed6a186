"""Correcting labels in a real viewer: buttons, keys, the mouse, undo, and whole stacks."""

import numpy as np
import pandas as pd
import pytest
import zarr
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from napari.utils.key_bindings import coerce_keybinding
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QPoint, QThreadPool
from qtpy.QtCore import Qt as QtNames
from qtpy.QtTest import QTest
from tests._napari.conftest import EITHER_WAY, TIMEOUT, find_camera, open_panel

from napari_dynaseg._napari.layers.classes import read_classes
from napari_dynaseg._napari.panel.correct.correction_rows import ALL, CLASS, CLICKED, SELECTED

MAP = np.array(
    [
        [1, 1, 1, 2, 2, 2],
        [1, 1, 1, 2, 2, 2],
        [1, 1, 1, 2, 2, 2],
        [3, 3, 0, 2, 1, 1],
        [3, 3, 0, 2, 1, 1],
    ],
    np.int32,
)


class MouseEvent:
    """What napari tells a layer of the mouse."""

    def __init__(self, kind, position):
        self.type, self.position = kind, position
        self.pos = tuple(20 * at for at in position[-2:][::-1])
        self.button, self.modifiers = 1, ()
        self.is_dragging = kind == "mouse_move"
        self.view_direction, self.dims_displayed = None, [len(position) - 2, len(position) - 1]

    @property
    def __wrapped__(self):
        return self

    @__wrapped__.setter
    def __wrapped__(self, event):
        """Become the event that comes next, as napari's wrapper does."""
        self.__dict__.update(event.__dict__)


def drag(layer, *points):
    mouse_press_callbacks(layer, MouseEvent("mouse_press", points[0]))
    for point in points[1:]:
        mouse_move_callbacks(layer, MouseEvent("mouse_move", point))
    mouse_release_callbacks(layer, MouseEvent("mouse_release", points[-1]))


def press_key(layer, key):
    layer.keymap[coerce_keybinding(key)](layer)


def last_notification():
    return notification_manager.records[-1].message


@pytest.fixture
def corrections(viewer):
    return open_panel(viewer).corrections


@pytest.fixture
def rows(corrections):
    return corrections.rows


@pytest.fixture
def add(viewer, corrections):
    """Give a function that adds labels and corrects them."""

    def add_labels(data=MAP, **options):
        layer = viewer.add_labels(np.array(data), name="mine", **options)
        assert corrections.layer is layer
        return layer

    return add_labels


@pytest.fixture
def settle(qtbot, corrections):
    """Give a function that waits until nothing is worked out."""

    def wait():
        qtbot.waitUntil(lambda: corrections.queue.tasks.task is None, timeout=TIMEOUT)
        qtbot.waitUntil(lambda: QThreadPool.globalInstance().activeThreadCount() == 0)

    return wait


@pytest.fixture
def press(rows, settle):
    """Give a function that presses the button of a tool and waits."""

    def press_button(name):
        rows.buttons[name].native.click()
        settle()

    return press_button


def test_clicked_regions_merge_one_step_each(add, press, settle, rows, corrections):
    layer = add()
    press("merge")
    drag(layer, (1, 1))
    assert "joins label 1" in rows.line.text()
    drag(layer, (1, 4))
    settle()
    once = np.where(MAP == 2, 1, MAP)
    np.testing.assert_array_equal(layer.data, once)
    drag(layer, (4, 0))
    settle()
    np.testing.assert_array_equal(layer.data, np.where(MAP == 3, 1, once))
    layer.undo()
    np.testing.assert_array_equal(layer.data, once)
    layer.undo()
    np.testing.assert_array_equal(layer.data, MAP)
    corrections.stop_clicks()


@pytest.mark.short_pass
def test_a_line_merges_all_that_it_crosses_in_one_step(add, press, settle, corrections):
    layer = add()
    press("merge")
    drag(layer, (4, 0), (2, 1), (1, 4))
    settle()
    expected = np.where(np.isin(MAP, (1, 2)), 3, MAP)
    expected[3:, 4:] = 1  # a part of label 1 that the line does not cross
    np.testing.assert_array_equal(layer.data, expected)
    layer.undo()
    np.testing.assert_array_equal(layer.data, MAP)
    corrections.stop_clicks()


def test_escape_lets_go_of_the_first_region_and_then_of_the_mouse(add, press, rows, corrections):
    layer = add()
    layer.mode, layer.selected_label = "paint", 5
    press("merge")
    assert layer.mode == "pick"
    assert not layer.mouse_pan
    drag(layer, (1, 1))
    press_key(layer, "Escape")
    assert "click a region" in rows.line.text()
    press_key(layer, "Escape")
    assert corrections.clicking is None
    assert (layer.mode, layer.selected_label) == ("paint", 5)
    assert coerce_keybinding("Escape") not in layer.keymap


def test_another_mode_or_layer_takes_the_mouse_away_from_a_tool(add, press, corrections, viewer):
    layer = add()
    press("merge")
    layer.mode = "fill"
    assert corrections.clicking is None
    assert layer.mode == "fill"
    press("delete")
    viewer.add_shapes()
    assert corrections.clicking is None
    assert corrections.layer is layer
    other = viewer.add_labels(MAP.copy())
    press("delete")
    viewer.layers.selection.active = layer
    assert corrections.clicking is None
    assert (corrections.layer, other.mode) == (layer, "pan_zoom")


def test_pressing_the_button_again_ends_the_clicks(add, press, corrections):
    add()
    press("merge")
    press("merge")
    assert corrections.clicking is None


def test_a_click_beside_all_regions_is_told_and_changes_nothing(add, press, settle, corrections):
    layer = add()
    press("delete")
    drag(layer, (4, 2))
    assert "no region here" in last_notification()
    drag(layer, (40, 2))
    settle()
    np.testing.assert_array_equal(layer.data, MAP)
    corrections.stop_clicks()


def test_each_click_uses_a_tool_on_its_region_alone(add, press, settle, corrections):
    layer = add()
    press("delete")
    drag(layer, (4, 5))
    drag(layer, (0, 0))
    settle()
    np.testing.assert_array_equal(layer.data, np.where(MAP == 1, 0, MAP))
    layer.undo()
    assert layer.data[0, 0] == 1
    assert layer.data[4, 5] == 0
    corrections.stop_clicks()


def test_keys_work_on_the_region_under_the_mouse(add, settle, viewer, rows):
    layer = add()
    viewer.cursor.position = (4, 5)
    press_key(layer, "Shift-D")
    settle()
    assert (layer.data[3:, 4:] == 0).all()
    assert (layer.data[:3, :3] == 1).all()
    rows.on.value = SELECTED
    layer.selected_label = 2
    press_key(layer, "Shift-D")
    settle()
    assert 2 not in layer.data


IS_SMALL_1 = (MAP == 1) & (np.arange(6) >= 4)


@pytest.mark.parametrize(
    ("name", "choice", "expected"),
    [
        ("parts", SELECTED, np.where(IS_SMALL_1, 4, MAP)),
        ("delete", SELECTED, np.where(MAP == 1, 0, MAP)),
        ("delete", ALL, np.zeros_like(MAP)),
        ("specks", CLICKED, np.where(IS_SMALL_1, 2, np.where(np.isin(MAP, (0, 3)), 0, MAP))),
    ],
)
def test_a_button_works_on_what_is_chosen(add, press, rows, name, choice, expected):
    layer = add()
    rows.on.value = choice
    rows.values["size"].value = 5
    press(name)
    after = layer.data.copy()
    layer.undo()
    np.testing.assert_array_equal(layer.data, MAP)
    np.testing.assert_array_equal(after, expected)


def test_nothing_to_change_is_said_and_makes_no_step(add, press, rows):
    layer = add()
    layer.paint((4, 2), 9)
    rows.on.value = ALL
    press("holes")
    assert "nothing to change" in rows.line.text()
    layer.undo()
    np.testing.assert_array_equal(layer.data, MAP)


def test_without_labels_the_user_is_told(press, rows):
    press("delete")
    assert "Select a Labels layer" in last_notification()
    assert "Select a Labels layer" in rows.line.text()


def test_a_layer_that_a_run_writes_is_refused(add, press, rows):
    layer = add()
    layer.editable = False
    rows.on.value = ALL
    press("delete")
    assert "cannot be edited now" in last_notification()
    np.testing.assert_array_equal(layer.data, MAP)


def test_paint_that_comes_while_a_tool_works_is_kept(add, rows, settle):
    layer = add()
    rows.on.value = ALL
    rows.buttons["delete"].native.click()
    layer.data_setitem((np.array([0]), np.array([0])), 77)
    settle()
    # Whichever was first: either the paint is under the step or the step was refused.
    assert layer.data[0, 0] in (77, 0)
    if layer.data[0, 0] == 77:
        assert "changed meanwhile" in last_notification()
    else:
        layer.undo()
        assert layer.data[0, 0] == 77


def test_paint_that_comes_while_a_tool_works_is_locked_as_well(viewer, halves, finish, qtbot):
    viewer.add_image(halves, name="halves")
    panel = open_panel(viewer)
    layer = finish(panel)
    viewer.layers.selection.active = layer
    rows = panel.corrections.rows
    rows.keep_paint.value, rows.on.value = True, ALL
    rows.buttons["delete"].native.click()
    layer.data_setitem((np.array([3, 3]), np.array([4, 5])), 99)
    painted = layer.data.copy()
    qtbot.waitUntil(lambda: panel.corrections.queue.tasks.task is None, timeout=TIMEOUT)
    np.testing.assert_array_equal(layer.data, painted)
    assert "changed meanwhile" in last_notification()


def test_tools_stay_within_a_shape(add, press, rows, viewer):
    layer = add()
    box = np.array([[-0.5, -0.5], [-0.5, 1.5], [1.5, 1.5], [1.5, -0.5]])
    rows.region_of_interest.value = viewer.add_shapes([box], shape_type="polygon", name="area")
    rows.on.value = ALL
    press("delete")
    expected = MAP.copy()
    expected[:2, :2] = 0
    np.testing.assert_array_equal(layer.data, expected)


@EITHER_WAY
def test_the_labels_that_are_corrected_are_not_offered_to_keep_within(panel, viewer):
    viewer.add_labels(MAP, name="other")
    layer = viewer.add_labels(np.array(MAP), name="mine")
    box = panel.corrections.rows.region_of_interest.native
    assert [box.itemText(at) for at in range(box.count())] == ["Everywhere", "other"]
    viewer.layers.remove(layer)
    assert panel.corrections.layer is None


def test_locked_labels_are_left_alone_until_they_are_unlocked(add, press, rows):
    layer = add()
    layer.selected_label = 2
    rows.on.value = SELECTED
    press("lock")
    assert layer.metadata["dynaseg_locked"] == [2]
    assert rows.line.text() == "Locked: 2"
    rows.on.value = ALL
    press("delete")
    np.testing.assert_array_equal(layer.data, np.where(MAP == 2, 2, 0))
    rows.on.value = SELECTED
    press("lock")
    assert rows.line.text() == "Locked: none"
    press("delete")
    assert not layer.data.any()


def test_a_click_or_a_key_locks_what_is_under_the_mouse(add, press, viewer, corrections):
    layer = add()
    press("lock")
    drag(layer, (1, 1))
    viewer.cursor.position = (4, 0)
    press_key(layer, "Shift-L")
    assert layer.metadata["dynaseg_locked"] == [1, 3]
    corrections.stop_clicks()


def test_what_was_painted_is_left_alone_if_wanted(viewer, halves, finish, qtbot):
    viewer.add_image(halves, name="halves")
    panel = open_panel(viewer)
    layer = finish(panel)
    viewer.layers.selection.active = layer
    before = layer.data.copy()
    layer.data_setitem((np.array([3, 3]), np.array([4, 5])), 99)
    rows = panel.corrections.rows
    rows.keep_paint.value, rows.on.value = True, ALL
    rows.buttons["delete"].native.click()
    qtbot.waitUntil(lambda: panel.corrections.queue.tasks.task is None, timeout=TIMEOUT)
    assert layer.data[3, 4] == layer.data[3, 5] == 99
    assert np.count_nonzero(layer.data) == 2
    layer.undo()
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)
    rows.buttons["relabel"].native.click()
    assert "what you painted" in last_notification()


def test_paint_of_an_unknown_layer_is_told(add, press, rows):
    add()
    rows.keep_paint.value, rows.on.value = True, ALL
    press("delete")
    assert "not known" in last_notification()


def test_objects_are_gathered_by_clicks_and_have_a_row_each(add, press, settle, rows):
    layer = add()
    press("objects")
    drag(layer, (1, 1))
    drag(layer, (4, 0))
    assert "labels 1, 3" in rows.line.text()
    press_key(layer, "Enter")
    settle()
    expected = np.zeros_like(MAP)
    expected[:3, :3], expected[3:, :2], expected[3:, 4:] = 1, 1, 2
    np.testing.assert_array_equal(layer.data, expected)
    assert layer.features["index"].tolist() == [1, 2]
    layer.undo()
    np.testing.assert_array_equal(layer.data, MAP)


def test_the_button_makes_the_objects_that_were_clicked(add, press, settle):
    layer = add()
    press("objects")
    drag(layer, (4, 0))
    press("objects")
    assert set(np.unique(layer.data)) == {0, 1}


def test_names_are_given_chosen_by_and_kept_through_a_split(add, press, settle, rows):
    layer = add()
    rows.class_name.value = "cell"
    rows.show_colour((1.0, 0.0, 0.0, 1.0))
    rows.on.value = SELECTED
    layer.selected_label = 1
    press("class")
    assert read_classes(layer) == {1: "cell"}
    assert layer.colormap.map(1).tolist() == [1, 0, 0, 1]
    rows.on.value = CLASS
    press("parts")
    assert read_classes(layer) == {1: "cell", 4: "cell"}
    assert layer.colormap.map(4).tolist() == [1, 0, 0, 1]
    press("delete")
    np.testing.assert_array_equal(layer.data, np.where(MAP == 1, 0, MAP))
    rows.class_name.value = "no such"
    press("delete")
    assert "no label has the class 'no such'" in last_notification()


def test_names_and_colours_of_clusters_outlive_objects_relabelling_and_undo(add, press, rows):
    layer = add()
    rows.class_name.value, rows.on.value = "cell", SELECTED
    layer.selected_label = 3
    rows.show_colour((1.0, 0.0, 0.0, 1.0))
    press("class")
    colours = [layer.colormap.map(number).tolist() for number in (1, 2, 3)]
    press("objects")
    press("relabel")
    assert read_classes(layer)[1] == "cell"
    assert set(np.unique(layer.data)) == {0, 1}
    layer.undo()
    layer.undo()
    np.testing.assert_array_equal(layer.data, MAP)
    assert read_classes(layer)[3] == "cell"
    assert [layer.colormap.map(number).tolist() for number in (1, 2, 3)] == colours


def test_relabelling_keeps_names_and_colours_through_undo(add, press, rows, viewer):
    layer = add(np.where(MAP == 3, 9, MAP))
    rows.class_name.value, rows.on.value = "cell", SELECTED
    layer.selected_label = 9
    press("class")
    colour = layer.colormap.map(9).tolist()
    press("relabel")
    assert read_classes(layer) == {3: "cell"}
    assert layer.colormap.map(3).tolist() == colour
    layer.undo()
    assert read_classes(layer) == {9: "cell"}
    assert layer.colormap.map(9).tolist() == colour
    viewer.layers.remove(layer)
    layer.redo()
    assert read_classes(layer) == {9: "cell"}


@pytest.fixture(params=["numpy", "zarr"])
def stack(request, tmp_path):
    data = np.stack([MAP, MAP, np.full_like(MAP, 2)])
    if request.param == "numpy":
        return data
    stored = zarr.create_array(tmp_path / "a.zarr", shape=data.shape, chunks=(1, 5, 6), dtype="i4")
    stored[:] = data
    return stored


def test_a_stack_is_corrected_on_this_plane_or_on_all(stack, viewer, corrections, rows, press):
    before = np.array(stack[:])
    layer = viewer.add_labels(stack)
    viewer.dims.set_current_step(0, 1)
    assert rows.planes.visible or not rows.native.isVisible()
    rows.on.value = SELECTED
    layer.selected_label = 3
    press("delete")
    expected = before.copy()
    expected[1][expected[1] == 3] = 0
    np.testing.assert_array_equal(layer.data[:], expected)
    rows.planes.value = "All planes"
    press("delete")
    np.testing.assert_array_equal(layer.data[:], np.where(before == 3, 0, before))
    layer.undo()
    np.testing.assert_array_equal(layer.data[:], expected)
    layer.undo()
    np.testing.assert_array_equal(layer.data[:], before)
    np.testing.assert_array_equal(stack[:], before)


def test_on_all_planes_a_region_goes_on_from_plane_to_plane(
    stack, viewer, corrections, rows, press, settle
):
    before = np.array(stack[:])
    layer = viewer.add_labels(stack)
    rows.planes.value = "All planes"
    press("delete")
    drag(layer, (0, 0, 0))
    settle()
    expected = before.copy()
    expected[:2, :3, :3] = 0
    np.testing.assert_array_equal(layer.data[:], expected)
    layer.undo()
    np.testing.assert_array_equal(layer.data[:], before)
    corrections.stop_clicks()


def test_a_first_region_on_another_plane_is_forgotten(stack, viewer, corrections, press, rows):
    layer = viewer.add_labels(stack)
    viewer.dims.set_current_step(0, 0)
    press("merge")
    drag(layer, (0, 0, 0))
    viewer.dims.set_current_step(0, 1)
    drag(layer, (1, 0, 4))
    assert "joins label 2" in rows.line.text()
    corrections.stop_clicks()


def test_a_costly_undo_is_asked_about_first(add, press, rows, monkeypatch, corrections):
    monkeypatch.setattr("napari_dynaseg._napari.work.confirmation.MOST_UNDO_BYTES", 10)
    layer = add()
    rows.on.value = ALL
    press("delete")
    np.testing.assert_array_equal(layer.data, MAP)
    assert "Really? Its undo would take" in rows.confirm_button.text
    assert not rows.confirm_button.native.isHidden()
    rows.confirm_button.native.click()
    assert not layer.data.any()
    assert rows.confirm_button.native.isHidden()
    layer.undo()
    np.testing.assert_array_equal(layer.data, MAP)


def test_a_costly_step_that_is_not_confirmed_is_dropped(add, press, rows, monkeypatch, viewer):
    monkeypatch.setattr("napari_dynaseg._napari.work.confirmation.MOST_UNDO_BYTES", 10)
    layer = add()
    rows.on.value = ALL
    press("delete")
    press("holes")
    assert rows.confirm_button.native.isHidden()
    press("delete")
    viewer.layers.remove(layer)
    assert rows.confirm_button.native.isHidden()
    np.testing.assert_array_equal(layer.data, MAP)


def test_outlines_and_opacity_are_one_key_away(add):
    layer = add()
    press_key(layer, "Shift-O")
    assert layer.contour == 1
    press_key(layer, "Shift-O")
    assert layer.contour == 0
    press_key(layer, "Shift-Y")
    assert layer.opacity == 0.25
    press_key(layer, "Shift-Y")
    assert layer.opacity == 0.7


def test_labels_and_image_are_measured_into_the_table_and_saved(
    viewer, add, rows, corrections, qtbot, tmp_path
):
    image = viewer.add_image(MAP * 10.0, name="ten")
    layer = add(scale=(0.5, 0.5))
    layer.units = image.units = ("um", "um")
    image.scale = (0.5, 0.5)
    rows.measure_button.native.click()
    qtbot.waitUntil(lambda: len(layer.features) == 3, timeout=TIMEOUT)
    assert layer.features["mean ten"].tolist() == [10, 20, 30]
    assert layer.features["area [µm²]"].tolist() == [13 / 4, 11 / 4, 1]
    path = tmp_path / "table.csv"
    corrections.table.save(layer, path)
    table = pd.read_csv(path)
    assert table["index"].tolist() == [1, 2, 3]
    assert table["mean ten"].tolist() == [10, 20, 30]
    layer.features = pd.concat([layer.features, pd.DataFrame({"index": [8], "class": ["cell"]})])
    corrections.table.save(layer, path)
    assert pd.read_csv(path)["index"].tolist() == [1, 2, 3]
    corrections.table.save(layer, tmp_path / "no" / "table.csv")
    assert "cannot be written" in last_notification()


def test_closing_the_panel_gives_mouse_and_keys_back(viewer, qtbot):
    panel = open_panel(viewer)
    layer = viewer.add_labels(MAP.copy())
    panel.corrections.rows.buttons["merge"].native.click()
    assert layer.mode == "pick"
    viewer.window.remove_dock_widget(viewer.window._wrapped_dock_widgets["segmenter"])
    qtbot.waitUntil(lambda: layer.mode == "pan_zoom", timeout=TIMEOUT)
    assert layer.keymap == {}
    viewer.layers.remove(layer)


def test_the_mouse_on_the_canvas_merges_and_the_keyboard_undoes(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    panel = open_panel(viewer)
    large = MAP.repeat(20, axis=0).repeat(20, axis=1)
    layer = viewer.add_labels(large.copy())
    canvas = viewer.window._qt_viewer.canvas.native
    qtbot.waitUntil(lambda: canvas.width() > 100 and canvas.isVisible(), timeout=TIMEOUT)
    viewer.reset_view()
    QTest.qWait(100)

    def click(row, column):
        camera = find_camera(viewer)
        zoom, centre = camera.zoom, camera.center
        x = (column - centre[-1]) * zoom + canvas.width() / 2
        y = (row - centre[-2]) * zoom + canvas.height() / 2
        left, none = QtNames.MouseButton.LeftButton, QtNames.KeyboardModifier.NoModifier
        QTest.mousePress(canvas, left, none, QPoint(round(x), round(y)))
        QTest.mouseRelease(canvas, left, none, QPoint(round(x), round(y)))

    QTest.keyClick(canvas, QtNames.Key.Key_M, QtNames.KeyboardModifier.ShiftModifier)
    click(20, 20)
    click(20, 90)
    queue = panel.corrections.queue
    qtbot.waitUntil(
        lambda: queue.tasks.task is None and (layer.data != large).any(), timeout=TIMEOUT
    )
    np.testing.assert_array_equal(layer.data, np.where(large == 2, 1, large))
    QTest.keyClick(canvas, QtNames.Key.Key_Z, QtNames.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(layer.data, large)
    QTest.keyClick(canvas, QtNames.Key.Key_Escape)
    QTest.keyClick(canvas, QtNames.Key.Key_Escape)
    assert panel.corrections.clicking is None
