"""Scrub, keep and flip in a real viewer: to look changes nothing, to keep is one step."""

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from tests._napari.conftest import QUICK, TIMEOUT, open_panel
from tests._napari.panel.test_widget import wait_for_threads
from tests._napari.work.test_refinement import paint, refine

from napari_dynaseg._napari.layers import session
from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.edit_targets import find_target, write_locked
from napari_dynaseg._napari.layers.tools import TOOLS, Outcome
from napari_dynaseg._napari.panel.correct.stroke import find_canvas
from napari_dynaseg._napari.panel.preview import is_preview
from napari_dynaseg.image.pixels import to_plane
from napari_dynaseg.recipes.recipe import Recipe
from napari_dynaseg.recipes.replay import replay


@pytest.fixture
def layer(panel, finish, qtbot):
    # As published the two halves are speckled: one iteration differs from the next.
    panel.show_settings(QUICK.change(clean=False))
    layer = finish(panel)
    wait_for_threads(qtbot)
    return layer


def look(panel, index):
    """Move the slider to an iteration, and give the layer that shows it."""
    panel.compare.row.slider.value = index
    return find_shown(panel)


def find_shown(panel):
    shown = [layer for layer in panel._viewer.layers if is_preview(layer)]
    return shown[0] if shown else None


def keep(panel, index):
    look(panel, index)
    panel.compare.row.keep_button.native.click()


def press(viewer, key, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(viewer.window._qt_window, key, modifier)


def replay_recipe(layer, picture):
    return replay(to_plane(picture), Recipe.from_metadata(layer.metadata))


@pytest.mark.short_pass
def test_scrubbing_shows_an_iteration_and_leaves_the_layer_alone(panel, layer, halves):
    paint(layer, range(2, 4), range(2, 4), 50)
    before, metadata = layer.data.copy(), layer.metadata
    words = panel.display.status.text()
    snapshots = panel.kept.find(layer).snapshots
    shown = look(panel, 1)
    expected = snapshots[1].read_labels().copy()
    expected[2:4, 2:4] = 50
    np.testing.assert_array_equal(shown.data, expected)
    assert not layer.visible
    assert f"iteration {snapshots[1].iteration} of 12 · q' = " in panel.display.status.text()
    assert look(panel, 0) is shown
    press(panel._viewer, Qt.Key.Key_Escape)
    assert find_shown(panel) is None
    assert layer.visible
    assert panel.display.status.text() == words
    assert panel._viewer.layers.selection.active is layer
    np.testing.assert_array_equal(layer.data, before)
    assert layer.metadata == metadata
    layer.undo()
    assert (layer.data != 50).all()


def test_keeping_an_iteration_is_one_step_with_its_recipe_and_its_network(panel, layer, halves):
    paint(layer, range(2, 4), range(2, 4), 50)
    before, recipe = layer.data.copy(), layer.metadata
    run = panel.kept.find(layer)
    keep(panel, 1)
    kept = run.snapshots[1]
    assert (layer.data[2:4, 2:4] == 50).all()
    expected = replay_recipe(layer, halves)
    assert Recipe.from_metadata(layer.metadata).last_iteration == kept.iteration
    expected[2:4, 2:4] = 50
    np.testing.assert_array_equal(layer.data, expected)
    assert run.keep_network == kept.keep_network
    np.testing.assert_array_equal(
        np.argwhere(run.find_painted(layer, run.job.position))[[0, -1]], [[2, 2], [3, 3]]
    )
    assert "Ctrl+Z takes it back" in panel.display.status.text()
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)
    assert layer.metadata == recipe
    assert panel.compare.row.slider.value == len(run.snapshots) - 1
    assert panel.network.run.keep_network is not kept.keep_network
    layer.redo()
    assert panel.network.run.keep_network == kept.keep_network
    assert Recipe.from_metadata(layer.metadata).last_iteration == kept.iteration
    assert panel.compare.row.slider.value == 1


def test_a_kept_iteration_is_refined_on_and_locked_labels_stay(panel, layer, qtbot):
    panel.show_settings(QUICK.change(scribble_weight=4))
    locked = int(layer.data[0, 0])
    where = layer.data == locked
    write_locked(layer, [locked])
    keep(panel, 0)
    assert (layer.data[where] == locked).all()
    paint(layer, range(4, 20), range(24, 28), 60)
    refine(panel, qtbot)
    assert (layer.data[4:20, 24:28] == 60).all()


def test_a_sketch_is_shown_at_once_and_sharpened_and_kept_pixel_by_pixel(viewer, finish, qtbot):
    pixels = np.random.default_rng(0).integers(0, 60, (210, 60), np.uint8)
    pixels[:100] += 120
    viewer.add_image(pixels, name="tall")
    panel = open_panel(viewer)
    layer = finish(panel)
    wait_for_threads(qtbot)
    run = panel.kept.find(layer)
    first, second, *_ = (at for at, each in enumerate(run.snapshots) if each.is_sketch)
    look(panel, first)
    qtbot.waitUntil(lambda: not run.snapshots[first].is_sketch, timeout=TIMEOUT)
    np.testing.assert_array_equal(find_shown(panel).data, run.snapshots[first].read_labels())
    wait_for_threads(qtbot)
    keep(panel, second)
    assert "Labelling every pixel" in panel.display.status.text()
    qtbot.waitUntil(lambda: panel.compare.preview is None, timeout=TIMEOUT)
    np.testing.assert_array_equal(layer.data, replay_recipe(layer, pixels))
    assert Recipe.from_metadata(layer.metadata).last_iteration == run.snapshots[second].iteration
    wait_for_threads(qtbot)


def test_before_and_after_flip_by_button_and_key(panel, layer):
    before = layer.data.copy()
    keep(panel, 0)
    button = panel.compare.row.flip_button.native
    button.click()
    np.testing.assert_array_equal(find_shown(panel).data, before)
    assert button.isChecked()
    assert "before keeping iteration 1" in panel.display.status.text()
    panel.corrections.flip_asked.emit()
    assert layer.visible
    assert not button.isChecked()
    button.click()
    assert not layer.visible
    press(panel._viewer, Qt.Key.Key_Escape)
    assert layer.visible
    assert find_shown(panel) is None


def test_while_iterations_are_looked_at_the_button_flips_to_the_labels_as_they_are(panel, layer):
    shown = look(panel, 0)
    panel.compare.flip()
    assert layer.visible
    assert not shown.visible
    panel.compare.flip()
    assert shown.visible
    assert "iteration 1" in panel.display.status.text()


def test_scrubbing_takes_over_from_flipping(panel, layer):
    paint(layer, range(2, 4), range(2, 4), 50)
    panel.compare.flip()
    shown = look(panel, 0)
    assert shown.name == f"iteration 1 of {layer.name}"
    assert panel.compare.row.slider.value == 0


def test_the_key_is_bound_on_the_layer_and_listed(panel, layer):
    paint(layer, range(2, 4), range(2, 4), 50)
    next(action for key, action in layer.keymap.items() if str(key) == "Shift+F")(layer)
    assert (find_shown(panel).data != 50).all()


def test_where_nothing_has_changed_it_says_so(panel, layer, capsys):
    panel.compare.row.flip_button.native.click()
    assert "nothing has changed in this plane" in capsys.readouterr().out
    assert not panel.compare.row.flip_button.native.isChecked()


def test_refine_is_compared_with_what_was_before(panel, layer, qtbot):
    panel.show_settings(QUICK.change(scribble_weight=4))
    paint(layer, range(4, 20), range(24, 28), 50)
    before = layer.data.copy()
    refine(panel, qtbot)
    panel.compare.flip()
    np.testing.assert_array_equal(find_shown(panel).data, before)


def test_a_press_of_the_mouse_or_a_key_elsewhere_ends_it(panel, layer, viewer):
    look(panel, 0)
    QTest.keyClick(panel.compare.row.slider.native, Qt.Key.Key_Shift)
    QTest.mouseClick(find_canvas(panel.native), Qt.MouseButton.LeftButton)
    assert find_shown(panel) is not None
    QTest.mouseClick(panel.mu.native, Qt.MouseButton.LeftButton)
    assert find_shown(panel) is None
    look(panel, 0)
    press(viewer, Qt.Key.Key_F, Qt.KeyboardModifier.ShiftModifier)
    assert find_shown(panel) is not None
    press(viewer, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert find_shown(panel) is None


def test_a_run_ends_it_and_nothing_is_looked_at_meanwhile(panel, layer, begin, qtbot):
    look(panel, 0)
    run = begin(panel)
    assert find_shown(panel) is None
    assert not panel.compare.row.slider.enabled
    panel.compare.flip()
    assert find_shown(panel) is None
    run.stop()
    wait_for_threads(qtbot)


@pytest.mark.parametrize("which", ["own", "preview"])
def test_a_layer_that_goes_ends_it(panel, layer, viewer, which):
    shown = look(panel, 0)
    viewer.layers.remove(layer if which == "own" else shown)
    assert find_shown(panel) is None
    assert panel.compare.preview is None
    assert (panel.compare.layer is layer) == (which == "preview")


def test_a_preview_takes_no_paint_and_is_offered_nowhere(panel, layer):
    shown = look(panel, 0)
    assert not shown.editable
    assert shown not in panel.corrections.rows.region_of_interest.choices
    assert panel.corrections.layer is layer


def test_a_plane_of_a_stack_is_flipped_in_its_place(viewer):
    panel = open_panel(viewer)
    labels = viewer.add_labels(np.ones((3, 4, 5), np.int32), scale=(2, 1, 1), name="cells")
    viewer.dims.set_current_step(0, 2)
    labels.data[2, 0, 0] = 2
    target = find_target(labels, viewer.dims, "This plane")
    change = Change.between(target, target.read(), target.read() * 0)
    panel.kept.write_tool(Outcome(TOOLS[0], change))
    panel.compare.flip()
    shown = find_shown(panel)
    assert shown.data.shape == (1, 4, 5)
    np.testing.assert_array_equal(shown.translate, [4, 0, 0])
    assert shown.data[0, 0, 0] == 2
    viewer.dims.set_current_step(0, 1)
    assert find_shown(panel) is None


def test_closing_the_panel_ends_it(panel, layer, viewer):
    look(panel, 0)
    panel._on_closed()
    assert find_shown(panel) is None
    assert layer.visible


def test_earlier_runs_share_the_memory_of_one(panel, finish, qtbot, monkeypatch):
    first = finish(panel)
    wait_for_threads(qtbot)
    assert len(panel.kept.find(first).snapshots) == 12
    monkeypatch.setattr(session, "MOST_BYTES", 1)
    second = finish(panel)
    wait_for_threads(qtbot)
    assert [each.iteration for each in panel.kept.find(first).snapshots] == [1, 12]
    assert len(panel.kept.find(second).snapshots) == 12
