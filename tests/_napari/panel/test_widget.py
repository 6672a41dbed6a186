"""The dock widget in a real viewer: it segments, follows the knobs, and survives the user."""

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QThreadPool
from tests._napari.conftest import EITHER_WAY, QUICK, TIMEOUT, open_panel

from napari_dynaseg._napari.panel.widget import SegmenterPanel
from napari_dynaseg.image.pixels import to_plane
from napari_dynaseg.recipes.recipe import Recipe
from napari_dynaseg.recipes.replay import replay
from napari_dynaseg.settings import OUTCOMES, Settings


def wait_for_threads(qtbot):
    qtbot.waitUntil(lambda: QThreadPool.globalInstance().activeThreadCount() == 0, timeout=TIMEOUT)


def last_notification():
    return notification_manager.records[-1].message


@pytest.mark.short_pass
def test_segment_adds_a_labels_layer_of_the_picture(panel, finish, viewer, halves):
    layer = finish(panel)
    assert layer in viewer.layers
    assert layer.name == "halves segments"
    assert layer.data.shape == halves.shape
    assert layer.data.min() >= 1
    left, right = np.unique(layer.data[:, :14]), np.unique(layer.data[:, 18:])
    assert not set(left) & set(right)


def test_the_recipe_in_the_layer_replays_to_the_same_labels(panel, finish, halves):
    layer = finish(panel)
    recipe = Recipe.from_metadata(layer.metadata)
    assert recipe.last_iteration == QUICK.iterations
    np.testing.assert_array_equal(replay(to_plane(halves), recipe), layer.data)


def test_brushes_are_off_while_the_run_evolves_and_back_when_it_ends(panel, begin, qtbot):
    run = begin(panel)
    assert not run.layer.editable
    panel.stop_button.native.click()
    assert run.layer.editable
    wait_for_threads(qtbot)


@pytest.mark.short_pass
def test_stop_keeps_what_is_there(panel, begin, qtbot):
    run = begin(panel)
    panel.stop_button.native.click()
    kept = run.layer.data.copy()
    wait_for_threads(qtbot)
    qtbot.wait(50)
    assert kept.min() >= 1
    np.testing.assert_array_equal(run.layer.data, kept)
    assert panel.segment_button.enabled
    assert not panel.stop_button.enabled


def test_the_layer_evolves_in_place(panel, begin, qtbot, viewer):
    run = begin(panel)
    first = run.update.now.iteration
    qtbot.waitUntil(lambda: run.update.now.iteration > first, timeout=TIMEOUT)
    assert len([layer for layer in viewer.layers if layer is run.layer]) == 1
    assert len(viewer.layers) == 2
    panel.stop()
    wait_for_threads(qtbot)


def test_the_panel_shows_iteration_labels_weight_and_curves(panel, begin, qtbot):
    run = begin(panel)
    qtbot.waitUntil(lambda: len(panel.display.curves._trail) > 1, timeout=TIMEOUT)
    assert "iteration" in panel.display.status.text()
    assert "q' = " in panel.display.status.text()
    assert "w = " in panel.display.status.text()
    assert panel.display.bar.value >= 1
    assert panel.display.curves._trail[0].iteration == 1
    panel.stop()
    assert f"{run.update.now.labels_in_use} labels" in panel.display.status.text()
    wait_for_threads(qtbot)


@pytest.mark.short_pass
def test_turning_mu_while_it_runs_is_followed_and_recorded(panel, begin, qtbot, halves):
    run = begin(panel)
    panel.mu.box.value = 123.25
    qtbot.waitUntil(lambda: bool(run.update.recipe.changes), timeout=TIMEOUT)
    panel.stop()
    wait_for_threads(qtbot)
    recipe = Recipe.from_metadata(run.layer.metadata)
    assert recipe.settings["mu"] == QUICK.mu
    assert recipe.changes[0].settings["mu"] == 123.25
    np.testing.assert_array_equal(replay(to_plane(halves), recipe), run.layer.data)


def test_turning_the_scheme_while_it_runs_turns_mu_to_its_default(panel, begin, qtbot):
    run = begin(panel)
    panel.scheme.value = "fixed"
    qtbot.waitUntil(lambda: bool(run.update.recipe.changes), timeout=TIMEOUT)
    panel.stop()
    wait_for_threads(qtbot)
    assert run.update.now.weight == 5.0


def test_a_second_run_leaves_the_painted_layer_of_the_first_alone(panel, finish, viewer):
    first = finish(panel)
    first.paint((5, 5), 99)
    painted = first.data.copy()
    second = finish(panel)
    assert second is not first
    assert second.name != first.name
    np.testing.assert_array_equal(first.data, painted)


def test_the_count_of_labels_that_is_named_is_that_of_the_layer(panel, viewer, qtbot):
    rows, columns = np.indices((256, 256))
    noise = np.random.default_rng(0).normal(0, 0.5, (256, 256))
    viewer.add_image(np.sin(rows / 9) * np.cos(columns / 7) + noise)
    panel.image.value = viewer.layers[-1]
    for seed in (0, 1):
        panel.show_settings(Settings(iterations=15, seed=seed))
        with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
            panel.segment_button.native.click()
            layer = panel.run.layer
        count = len(np.unique(layer.data))
        assert panel.display.status.text().startswith(f"{count} labels after ")
        wait_for_threads(qtbot)
        # What is painted here is carried over into the second, and counts there.
        where = np.nonzero(np.ones((2, 2), bool))
        layer.data_setitem(where, 70)


def test_one_label_is_one_label(viewer, qtbot):
    viewer.add_image(np.zeros((24, 32)))
    panel = open_panel(viewer)
    panel.show_settings(QUICK.change(iterations=40, learning_rate=0.5))
    panel.scheme.value, panel.mu.box.value = "fixed", 100
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.segment_button.native.click()
        layer = panel.run.layer
    assert layer.data.max() == layer.data.min()
    assert panel.display.status.text().startswith("1 label after ")


def test_painting_after_a_run_is_undone_to_the_result(panel, finish):
    layer = finish(panel)
    result = layer.data.copy()
    layer.paint((5, 5), 99)
    layer.undo()
    np.testing.assert_array_equal(layer.data, result)
    layer.undo()
    np.testing.assert_array_equal(layer.data, result)


@pytest.mark.short_pass
@EITHER_WAY
def test_removing_the_evolving_layer_ends_the_run(panel, begin, viewer, qtbot):
    run = begin(panel)
    viewer.layers.remove(run.layer)
    assert panel.run is None
    wait_for_threads(qtbot)
    assert [layer.name for layer in viewer.layers] == ["halves"]


def test_removing_or_renaming_the_image_changes_nothing_for_the_run(panel, viewer, qtbot, halves):
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.start()
        run = panel.run
        viewer.layers["halves"].name = "other"
        viewer.layers.remove("other")
        run.layer.name = "mine"
    assert "mine" in viewer.layers
    recipe = Recipe.from_metadata(run.layer.metadata)
    np.testing.assert_array_equal(replay(to_plane(halves), recipe), run.layer.data)


def test_drawing_into_the_image_meanwhile_changes_nothing_for_the_run(panel, viewer, qtbot, halves):
    original = halves.copy()
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.start()
        run = panel.run
        viewer.layers["halves"].data[:] = 0
    recipe = Recipe.from_metadata(run.layer.metadata)
    np.testing.assert_array_equal(replay(to_plane(original), recipe), run.layer.data)


@pytest.mark.short_pass
def test_closing_the_panel_stops_the_run_and_leaves_its_labels(panel, begin, viewer, qtbot):
    run = begin(panel)
    dock = viewer.window._wrapped_dock_widgets["segmenter"]
    viewer.window.remove_dock_widget(dock)
    qtbot.waitUntil(lambda: run.layer.editable, timeout=TIMEOUT)
    wait_for_threads(qtbot)
    assert run.layer in viewer.layers
    assert run.layer.data.min() >= 1


def test_a_closed_panel_no_longer_follows_the_viewer(panel, viewer, qtbot):
    dock = viewer.window._wrapped_dock_widgets["segmenter"]
    viewer.window.remove_dock_widget(dock)
    qtbot.wait(50)
    read = panel.axes_line.text()
    viewer.dims.ndisplay = 3
    assert panel.axes_line.text() == read


@pytest.mark.short_pass
def test_without_an_image_the_user_is_told(viewer, qtbot):
    panel = open_panel(viewer)
    panel.start()
    assert "no image" in last_notification()
    assert "Open an image" in panel.axes_line.text()
    assert panel.segment_button.enabled


def test_an_image_that_cannot_be_segmented_is_explained_and_leaves_no_layer(viewer, qtbot):
    viewer.add_image(np.full((6, 6), np.nan), name="nothing")
    panel = open_panel(viewer)
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.start()
    assert "finite" in last_notification()
    assert [layer.name for layer in viewer.layers] == ["nothing"]
    assert panel.segment_button.enabled


def test_a_view_in_3d_asks_for_a_plane(viewer, qtbot):
    viewer.add_image(np.zeros((4, 8, 8)), name="stack")
    panel = open_panel(viewer)
    viewer.dims.ndisplay = 3
    assert "2D" in panel.axes_line.text()
    panel.start()
    assert "2D" in last_notification()


def test_a_plane_of_a_stack_becomes_labels_at_that_plane_only(viewer, halves, finish):
    stack = np.stack([halves, halves[:, ::-1], halves])
    viewer.add_image(stack, name="stack", scale=(3, 1, 1), axis_labels=("z", "y", "x"))
    panel = open_panel(viewer)
    viewer.dims.set_point(0, 3.0)
    layer = finish(panel)
    assert layer.data.shape == (1, 24, 32)
    assert Recipe.from_metadata(layer.metadata).source.position == (1, None, None)
    assert layer.extent.world[0, 0] == pytest.approx(3.0)
    assert panel.axes_line.sentence == "Z=3 · Y×X segmented"


def test_pressing_segment_twice_starts_one_run(panel, begin, viewer, qtbot):
    run = begin(panel)
    panel.start()
    assert panel.run is run
    panel.stop()
    wait_for_threads(qtbot)
    assert len(viewer.layers) == 2


def test_what_was_turned_is_there_in_the_next_session(panel, viewer):
    panel.scheme.value = "fsf"
    panel.mu.box.value = 33.3
    panel.advanced["iterations"].value = 77
    again = SegmenterPanel(viewer)
    assert again.settings.scheme == "fsf"
    assert again.settings.mu == 33.3
    assert again.settings.iterations == 77
    again.image.forget_viewer()


@pytest.mark.short_pass
def test_each_scheme_has_a_mu_of_its_own_and_remembers_it(panel):
    panel.scheme.value = "fsf"
    assert panel.mu.box.value == 15.0
    panel.mu.box.value = 20.0
    panel.scheme.value = "fixed"
    assert panel.mu.box.value == 5.0
    panel.scheme.value = "fsf"
    assert panel.mu.box.value == 20.0
    panel.mu.reset_button.native.click()
    assert panel.mu.box.value == 15.0


@pytest.mark.short_pass
def test_each_result_has_a_detail_of_its_own_and_remembers_it(panel):
    usual = {result: facts.default_detail for result, facts in OUTCOMES.items()}
    assert panel.detail.box.value == usual["clusters"]
    panel.result.value = "regions"
    assert panel.detail.box.value == usual["regions"]
    panel.detail.box.value = 33.25
    panel.result.value = "clusters"
    assert panel.detail.box.value == usual["clusters"]
    panel.result.value = "regions"
    assert panel.settings.detail == 33.25
    panel.detail.reset_button.native.click()
    assert panel.detail.box.value == usual["regions"]


def test_result_clean_and_edge_cannot_be_turned_while_a_run_goes_on(panel, begin, qtbot):
    boxes = panel.result, panel.advanced["clean"], panel.advanced["padding"]
    assert all(box.enabled for box in boxes)
    begin(panel)
    assert not any(box.enabled for box in boxes)
    assert panel.mu.box.enabled
    panel.stop()
    assert all(box.enabled for box in boxes)
    wait_for_threads(qtbot)


def test_the_edge_moves_with_the_quality_until_it_is_turned(panel):
    assert panel.settings.padding == "replicate"
    panel.quality.value = "exact"
    assert panel.settings.padding == "zeros"
    panel.advanced["padding"].value = "replicate"
    panel.quality.value = "fast"
    panel.quality.value = "exact"
    assert panel.settings.padding == "replicate"


def test_restore_defaults_forgets_what_was_turned(panel, viewer):
    panel.mu.box.value = 77.0
    panel.advanced["seed"].value = 5
    panel.advanced.defaults_button.native.click()
    assert panel.settings.mu == 50.0
    assert panel.settings.seed == 0


def test_knobs_that_do_not_go_together_are_explained(panel):
    panel.advanced["minimum_labels"].value = 50
    panel.start()
    assert "minimum_labels must be below channels" in last_notification()
    assert panel.run is None


def test_every_knob_has_a_tooltip_and_a_range(panel):
    for knob in panel.knobs.boxes.values():
        assert "Takes" in knob.tooltip


def test_an_error_nobody_foresaw_frees_the_panel(panel, qtbot, monkeypatch, viewer):
    def break_off(*_):
        raise RuntimeError("something odd")

    monkeypatch.setattr("napari_dynaseg.method.fit.Trainer", break_off)
    # What reaches Qt's event loop, napari shows as a notification with the whole story.
    with qtbot.captureExceptions() as caught, qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.start()
    assert [str(error) for _, error, _ in caught] == ["the work broke off: something odd"]
    assert panel.segment_button.enabled
    assert len(viewer.layers) == 1


def test_too_little_memory_is_explained(panel, qtbot, monkeypatch, viewer):
    def run_out(*_):
        raise MemoryError

    monkeypatch.setattr("napari_dynaseg.method.fit.Trainer", run_out)
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.start()
    assert "not enough memory to train on a plane of 24×32 pixels" in last_notification()


def test_nan_in_the_image_is_named_in_a_warning(viewer, halves, finish):
    picture = halves.astype(float)
    picture[3, 4] = np.nan
    viewer.add_image(picture, name="hole")
    layer = finish(open_panel(viewer))
    assert "1 NaN and 0 infinite" in str(last_notification())
    assert layer.data.min() >= 1


def test_a_painted_panel_starts_to_load_the_engine_once(viewer, qtbot):
    panel = SegmenterPanel(viewer)
    calls = []
    panel.watcher.painted[:] = [lambda: calls.append("painted")]
    qtbot.addWidget(panel.native)
    with qtbot.waitExposed(panel.native):
        panel.native.show()
    qtbot.waitUntil(lambda: bool(calls), timeout=TIMEOUT)
    panel.native.repaint()
    qtbot.wait(50)
    assert calls == ["painted"]
    panel.image.forget_viewer()
