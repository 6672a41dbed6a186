"""The slider of the detail cuts labels at once, by mouse, with both results, at a user's size."""

from itertools import pairwise

import numpy as np
import pytest
from napari.utils.colormaps import DirectLabelColormap
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QStyle, QStyleOptionSlider
from skimage import data
from tests._napari.conftest import TIMEOUT, open_panel

from napari_dynaseg._napari.layers import label_files
from napari_dynaseg._napari.layers.tools import TOOLS
from napari_dynaseg._napari.panel.correct.correction_rows import OF_KIND
from napari_dynaseg._napari.work import worker
from napari_dynaseg.image.pixels import to_plane
from napari_dynaseg.recipes.recipe import Recipe
from napari_dynaseg.recipes.replay import replay
from napari_dynaseg.recipes.trained_network import NETWORK_ENDING, TrainedNetwork
from napari_dynaseg.settings import OUTCOMES, Settings

LEFT, NOTHING = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
KNOBS = {"channels": 16, "iterations": 6}


@pytest.fixture
def photo():
    """Give a part of a photograph, 256×256, RGB."""
    return data.coffee()[:256, :256]


@pytest.fixture
def opened(viewer, photo):
    """Give the panel beside the photograph."""
    viewer.add_image(photo, name="coffee", rgb=True)
    return open_panel(viewer)


def segment(panel, finish, result="regions", **more):
    panel.show_settings(Settings(result=result, **KNOBS, **more))
    return finish(panel)


class Slider:
    """A mouse on the handle of the slider."""

    def __init__(self, panel):
        self.native = panel.detail.handle
        self.native.resize(300, 20)
        option = QStyleOptionSlider()
        self.native.initStyleOption(option)
        part = QStyle.SubControl.SC_SliderHandle
        control = QStyle.ComplexControl.CC_Slider
        style = self.native.style()
        self.at = style.subControlRect(control, option, part, self.native).center()

    def press(self):
        QTest.mousePress(self.native, LEFT, NOTHING, self.at)

    def move(self, columns):
        self.at += QPoint(columns, 0)
        QTest.mouseMove(self.native, self.at)
        QTest.qWait(1)

    def release(self):
        QTest.mouseRelease(self.native, LEFT, NOTHING, self.at)


def read_detail(layer):
    return Recipe.from_metadata(layer.metadata).detail


@pytest.mark.parametrize("result", OUTCOMES)
def test_a_drag_cuts_at_every_move_and_is_one_step(opened, finish, photo, result):
    layer = segment(opened, finish, result)
    usual = OUTCOMES[result].default_detail
    before, steps, slider = layer.data.copy(), len(layer._undo_history), Slider(opened)
    slider.press()
    seen = []
    for _ in range(8):
        slider.move(10)
        seen.append(layer.data.copy())
    assert len(layer._undo_history) == steps
    assert sum((one != other).any() for one, other in pairwise(seen)) >= 4
    slider.release()
    np.testing.assert_array_equal(layer.data, seen[-1])
    assert len(layer._undo_history) == steps + 1
    assert read_detail(layer) == opened.detail.box.value > usual
    again = replay(to_plane(photo), Recipe.from_metadata(layer.metadata))
    np.testing.assert_array_equal(again, layer.data)
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)
    assert read_detail(layer) == opened.detail.box.value == usual
    layer.redo()
    np.testing.assert_array_equal(layer.data, seen[-1])
    assert read_detail(layer) == opened.detail.box.value > usual


def test_numbers_stay_from_cut_to_cut_and_a_finer_one_only_divides(opened, finish):
    layer = segment(opened, finish)
    before = layer.data.copy()
    opened.detail.box.value = 75
    finer = layer.data
    assert len(np.unique(finer)) > len(np.unique(before))
    for number in np.unique(before):
        parts = np.unique(finer[before == number])
        assert number in parts
        assert not np.isin(parts, finer[before != number]).any()


@pytest.mark.parametrize("result", OUTCOMES)
def test_paint_and_locked_labels_stay_through_a_cut(opened, finish, result):
    layer = segment(opened, finish, result)
    layer.data_setitem((np.arange(40, 60), np.full(20, 50)), 3000)
    locked = int(layer.data[200, 200])
    layer.metadata = {**layer.metadata, "dynaseg_locked": [locked]}
    kept = (layer.data == 3000) | (layer.data == locked)
    labels = layer.data[kept].copy()
    opened.detail.box.value = 80
    np.testing.assert_array_equal(layer.data[kept], labels)
    opened.detail.box.value = 30
    np.testing.assert_array_equal(layer.data[kept], labels)


def test_a_run_is_cut_while_it_trains_and_ends_where_the_slider_stands(opened, qtbot):
    opened.show_settings(Settings(result="regions", channels=16, quality="exact", iterations=400))
    opened.segment_button.native.click()
    run = opened.run
    qtbot.waitUntil(lambda: run.update is not None, timeout=TIMEOUT)
    before = len(np.unique(run.layer.data))
    opened.detail.box.value = 80
    qtbot.wait(1)
    assert len(np.unique(run.layer.data)) > before
    qtbot.waitUntil(lambda: run.update.recipe.last_iteration > 3, timeout=TIMEOUT)
    assert len(np.unique(run.layer.data)) > before
    opened.stop()
    assert read_detail(run.layer) == opened.detail.box.value == 80
    made = run.update.label_tree.cut(80)
    np.testing.assert_array_equal(run.layer.data, made)
    qtbot.waitUntil(lambda: run.layer.editable, timeout=TIMEOUT)


def test_a_stop_before_the_first_iteration_leaves_no_labels_and_says_so(opened, qtbot, monkeypatch):
    def wait(*_):
        while True:
            yield None

    monkeypatch.setattr(worker, "_follow", wait)
    opened.show_settings(Settings(**KNOBS))
    opened.segment_button.native.click()
    layer = opened.run.layer
    qtbot.waitUntil(lambda: layer.data.any(), timeout=TIMEOUT)
    first = layer.data.copy()
    opened.detail.box.value = 90
    qtbot.waitUntil(lambda: bool((layer.data != first).any()), timeout=TIMEOUT)
    opened.stop()
    assert layer not in opened._viewer.layers
    assert "before the first iteration" in opened.display.status.text()


def test_clusters_as_published_have_no_tree_and_the_slider_says_so(opened, finish):
    layer = segment(opened, finish, "clusters", clean=False)
    assert not opened.detail.box.enabled
    assert "have no tree" in opened.detail.slider.tooltip
    before = layer.data.copy()
    opened.advanced["clean"].value = True
    assert opened.detail.box.enabled
    opened.detail.box.value = 80
    np.testing.assert_array_equal(layer.data, before)


def test_refine_is_grey_with_regions_and_says_what_to_do(opened, finish):
    segment(opened, finish)
    assert not opened.refine_button.enabled
    assert "draw strokes" in opened.refine_button.tooltip
    segment(opened, finish, "clusters")
    assert opened.refine_button.enabled


def test_an_earlier_iteration_of_regions_is_kept_and_cut(opened, finish, qtbot):
    layer = segment(opened, finish)
    opened.detail.box.value = 80
    fine = len(np.unique(layer.data))
    opened.compare.row.slider.value = 1
    qtbot.waitUntil(lambda: not opened.compare._scrubbed.is_sketch, timeout=TIMEOUT)
    opened.compare.keep()
    assert Recipe.from_metadata(layer.metadata).last_iteration == 2
    assert opened.detail.box.value == read_detail(layer)
    opened.detail.box.value = 80
    assert len(np.unique(layer.data)) == fine
    opened.compare.flip()
    assert opened.compare.preview is not None
    opened.compare.end()


def test_strokes_and_a_part_of_the_image_stay_through_a_cut(opened, viewer, finish):
    strokes = np.zeros((256, 256), int)
    strokes[100, 60:120], strokes[180, 160:200] = 1, 2
    opened.scribbles.value = viewer.add_labels(strokes, name="strokes")
    part = np.zeros((256, 256), int)
    part[40:220, 40:230] = 1
    opened.input.region_of_interest.value = viewer.add_labels(part, name="part")
    layer = segment(opened, finish)
    for detail in (30, 80):
        opened.detail.box.value = detail
        np.testing.assert_array_equal(layer.data[strokes > 0], strokes[strokes > 0])
        assert not layer.data[part == 0].any()
        assert read_detail(layer) == detail


@pytest.mark.parametrize("result", OUTCOMES)
def test_of_a_stack_the_plane_on_view_is_cut_and_undo_leads_back(
    viewer, photo, finish, qtbot, result
):
    stack = np.stack([photo[:128, at : at + 128].mean(axis=2) for at in range(0, 100, 20)])
    viewer.add_image(stack.astype(np.uint16), name="stack")
    viewer.dims.set_point(0, 0)
    panel = open_panel(viewer)
    panel.stack.planes.value = "All planes"
    layer = segment(panel, finish, result)
    qtbot.waitUntil(lambda: layer.editable, timeout=TIMEOUT)
    viewer.dims.set_point(0, 2)
    before = layer.data.copy()
    panel.detail.box.value = 85
    qtbot.waitUntil(lambda: bool((layer.data != before).any()), timeout=TIMEOUT)
    np.testing.assert_array_equal(layer.data[[0, 1, 3, 4]], before[[0, 1, 3, 4]])
    assert "The other planes follow with Segment" in panel.display.status.text()
    if result == "regions":  # what stays one keeps its number
        assert np.isin(np.unique(before[2]), layer.data[2]).all()
    viewer.dims.set_point(0, 0)
    assert panel.detail.box.value == OUTCOMES[result].default_detail
    viewer.dims.set_point(0, 2)
    assert panel.detail.box.value == 85
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)


@pytest.mark.parametrize("strategy", ["follow", "each"])
def test_planes_with_networks_of_their_own_cannot_be_cut_and_say_so(
    viewer, photo, finish, qtbot, strategy
):
    stack = np.stack([photo[:96, at : at + 96].mean(axis=2) for at in range(0, 100, 20)])
    viewer.add_image(stack.astype(np.uint16), name="stack")
    viewer.dims.set_point(0, 0)
    panel = open_panel(viewer)
    panel.stack.planes.value = "All planes"
    layer = segment(panel, finish, strategy=strategy)
    qtbot.waitUntil(lambda: layer.editable, timeout=TIMEOUT)
    viewer.dims.set_point(0, 1)
    assert "a network of its own" in panel.detail.slider.tooltip
    before = layer.data.copy()
    panel.detail.box.value = 85
    np.testing.assert_array_equal(layer.data, before)


def test_labels_that_came_from_a_file_are_cut(opened, viewer, finish, tmp_path):
    layer = segment(opened, finish)
    path = tmp_path / "coffee.dynaseg.ome.tif"
    layer.save(str(path), plugin="napari-dynaseg")
    opened.detail.box.value = 80
    cut = layer.data.copy()
    opened.detail.reset_button.native.click()
    (reopened,) = viewer.open(str(path), plugin="napari-dynaseg")
    viewer.layers.selection.active = reopened
    np.testing.assert_array_equal(reopened.data, layer.data)
    opened.detail.box.value = 80
    np.testing.assert_array_equal(reopened.data, cut)
    assert read_detail(reopened) == 80
    reopened.undo()
    assert read_detail(reopened) == OUTCOMES["regions"].default_detail


def test_labels_on_disk_remember_where_they_are_cut_and_are_cut_again(
    opened, viewer, finish, tmp_path
):
    layer = segment(opened, finish)
    path = str(tmp_path / "coffee.dynaseg.ome.zarr")
    label_files.write_zarr(path, *layer.as_layer_data_tuple()[:2])

    def open_again():
        viewer.layers.clear()
        data, attributes, _ = label_files.read_layers(path)[0]
        viewer.layers.selection.active = reopened = viewer.add_labels(data, **attributes)
        return reopened

    first = open_again()
    opened.detail.box.value = 80
    fine = np.asarray(first.data)
    second = open_again()
    assert read_detail(second) == opened.detail.box.value == 80
    np.testing.assert_array_equal(second.data, fine)
    opened.detail.box.value = 30
    assert len(np.unique(second.data)) < len(np.unique(fine)) / 4
    second.undo()
    assert read_detail(open_again()) == 80


def test_undo_takes_back_the_detail_that_the_next_run_has(opened, finish):
    layer = segment(opened, finish)
    opened.detail.box.value = 80
    layer.undo()
    opened.result.value = "clusters"
    opened.result.value = "regions"
    assert opened.detail.box.value == OUTCOMES["regions"].default_detail


def test_the_slider_leaves_labels_alone_that_are_another_result_than_the_one_chosen(opened, finish):
    layer = segment(opened, finish)
    before = layer.data.copy()
    opened.result.value = "clusters"
    opened.detail.box.value = 90
    np.testing.assert_array_equal(layer.data, before)
    assert "Regions" in opened.detail.box.tooltip
    opened.result.value = "regions"
    assert opened.detail.box.value == read_detail(layer)


def test_one_click_colours_by_kind_and_another_gives_the_colours_back(opened, finish):
    layer = segment(opened, finish)
    own, before = layer.colormap, layer.data.copy()
    assert opened.kind_button.enabled
    QTest.mouseClick(opened.kind_button.native, LEFT)
    assert isinstance(layer.colormap, DirectLabelColormap)
    kinds = opened.kinds.find()
    assert set(kinds) == set(np.unique(layer.data))
    assert len(set(kinds.values())) < len(kinds)
    for one in kinds:
        for other in kinds:
            is_same = np.allclose(layer.colormap.map(one), layer.colormap.map(other))
            assert is_same or kinds[one] != kinds[other]
    opened.detail.box.value = 80
    assert set(opened.kinds.find()) <= set(layer.colormap.color_dict)
    opened.detail.reset_button.native.click()
    QTest.mouseClick(opened.kind_button.native, LEFT)
    assert layer.colormap is own
    np.testing.assert_array_equal(layer.data, before)
    segment(opened, finish, "clusters")
    assert not opened.kind_button.enabled


def test_all_of_a_kind_are_merged_measured_and_painted_labels_have_one_too(opened, finish, qtbot):
    layer = segment(opened, finish)
    row, column = np.argwhere(layer.data == 1)[0]
    layer.data_setitem((np.array([row]), np.array([column])), 5000)
    kinds = opened.kinds.find()
    assert kinds[5000] in kinds.values()
    kind = max(set(kinds.values()), key=list(kinds.values()).count)
    members = [label for label, its in kinds.items() if its == kind]
    assert len(members) > 1
    layer.selected_label = members[0]
    opened.corrections.choose_kind()
    assert opened.corrections.rows.on.value == OF_KIND
    opened.corrections.measure()
    qtbot.waitUntil(lambda: "kind" in layer.features, timeout=TIMEOUT)
    measured = layer.features.set_index("index")["kind"].dropna()
    assert measured.to_dict() == dict.fromkeys(members, kind)
    (merge,) = (tool for tool in TOOLS if tool.name == "merge")
    before = layer.data.copy()
    opened.corrections.press(merge)
    qtbot.waitUntil(lambda: bool((layer.data != before).any()), timeout=TIMEOUT)
    expected = np.where(np.isin(before, members), members[0], before)
    np.testing.assert_array_equal(layer.data, expected)


def test_a_network_is_saved_with_the_detail_of_its_labels(opened, finish, photo, tmp_path, qtbot):
    layer = segment(opened, finish)
    opened.detail.box.value = 80
    path = tmp_path / f"network{NETWORK_ENDING}"
    opened.network.save(path)
    qtbot.waitUntil(path.exists, timeout=TIMEOUT)
    network = TrainedNetwork.load(path)
    np.testing.assert_array_equal(network.label(np.moveaxis(photo, -1, 0)), layer.data)


def test_refine_goes_on_from_clusters_that_were_cut_anew(opened, finish, qtbot):
    layer = segment(opened, finish, "clusters", refine_iterations=3)
    opened.detail.box.value = 80
    layer.data_setitem((np.arange(40, 60), np.full(20, 50)), int(layer.data[200, 200]))
    before = layer.data.copy()
    with qtbot.waitSignal(opened.run_ended, timeout=TIMEOUT):
        opened.refine_button.native.click()
    refined = layer.data.copy()
    np.testing.assert_array_equal(refined[40:60, 50], before[40:60, 50])
    opened.detail.box.value = 60
    grown = refined != before
    np.testing.assert_array_equal(layer.data[grown], refined[grown])
    layer.undo()
    np.testing.assert_array_equal(layer.data, refined)


def test_the_contact_sheet_is_offered_where_its_pictures_would_differ(opened, qtbot):
    opened.show_settings(Settings(result="regions", **KNOBS))
    opened.result.value = "clusters"
    assert opened.explore_button.enabled
    opened.explore_button.open()
    sheet = opened.explore_button.sheet
    qtbot.waitUntil(lambda: sheet.cells[0].is_filled, timeout=TIMEOUT)
    opened.explore_button.close_sheet()
    opened.result.value = "regions"
    assert not opened.explore_button.enabled
    assert "move the Detail" in opened.explore_button.tooltip
