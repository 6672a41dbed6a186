"""Refine in a real viewer: paint, press, undo; and paint that outlives every run."""

import numpy as np
import pytest
import tifffile
from tests._napari.conftest import EITHER_WAY, QUICK, TIMEOUT, open_panel
from tests._napari.panel.test_widget import wait_for_threads

from napari_dynaseg import Recipe, replay, to_plane
from napari_dynaseg._napari.layers.label_files import read_layers
from napari_dynaseg._napari.layers.session import Session
from napari_dynaseg._napari.work import confirmation
from napari_dynaseg._napari.work.worker import PlaneDone
from napari_dynaseg.cli.replay_files import begin_replay, plan_replay
from napari_dynaseg.errors import ImageError
from napari_dynaseg.files.recipe_files import read_recipe


def refine(panel, qtbot):
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.refine_button.native.click()
        assert panel.run is not None
    wait_for_threads(qtbot)


def paint(layer, rows, columns, label):
    """Paint a block, as one step of undo."""
    where = np.meshgrid(rows, columns, indexing="ij")
    layer.data_setitem(tuple(part.ravel() for part in where), label)


@pytest.mark.short_pass
def test_paint_stays_and_what_is_like_it_follows_as_one_step_of_undo(panel, finish, qtbot):
    panel.show_settings(QUICK.change(scribble_weight=4))
    layer = finish(panel)
    before = layer.data.copy()
    paint(layer, range(4, 20), range(24, 28), 50)
    painted = layer.data.copy()
    refine(panel, qtbot)
    assert (layer.data[4:20, 24:28] == 50).all()
    assert (layer.data[4:20, 20:] == 50).mean() > 0.8
    assert (layer.data[4:20, :9] == 50).mean() < 0.1
    layer.undo()
    np.testing.assert_array_equal(layer.data, painted)
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)


def test_refining_again_still_knows_what_was_painted_first(panel, finish, qtbot):
    layer = finish(panel)
    paint(layer, range(2, 4), range(2, 4), 50)
    refine(panel, qtbot)
    paint(layer, range(20, 22), range(28, 30), 0)
    refine(panel, qtbot)
    assert (layer.data[2:4, 2:4] == 50).all()
    assert (layer.data[20:22, 28:30] == 0).all()


def test_what_is_painted_while_it_refines_is_kept(panel, finish, qtbot):
    layer = finish(panel)
    paint(layer, range(2, 4), range(2, 4), 50)
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.refine()
        paint(layer, range(10, 12), range(10, 12), 60)
    assert (layer.data[2:4, 2:4] == 50).all()
    assert (layer.data[10:12, 10:12] == 60).all()
    wait_for_threads(qtbot)


@EITHER_WAY
def test_a_later_run_makes_its_own_layer_and_carries_the_paint_over(panel, finish, qtbot):
    first = finish(panel)
    wait_for_threads(qtbot)
    paint(first, range(5, 9), range(5, 9), 70)
    painted = first.data.copy()
    panel.show_settings(QUICK.change(seed=3))
    second = finish(panel)
    wait_for_threads(qtbot)
    np.testing.assert_array_equal(first.data, painted)
    assert (second.data[5:9, 5:9] == 70).all()
    assert (second.data == 70).sum() == 16


def test_what_refine_changed_and_was_painted_back_stays_as_painted(panel, finish, qtbot):
    panel.show_settings(QUICK.change(scribble_weight=4))
    layer = finish(panel)
    paint(layer, range(4, 20), range(24, 28), 50)
    before = layer.data.copy()
    refine(panel, qtbot)
    changed = layer.data != before
    assert changed.sum() > 20
    layer.data_setitem(np.nonzero(changed), before[changed])
    np.testing.assert_array_equal(layer.data, before)
    refine(panel, qtbot)
    np.testing.assert_array_equal(layer.data[changed], before[changed])


def test_paint_is_known_before_and_after_a_refinement_through_undo_and_redo(panel, finish, qtbot):
    panel.show_settings(QUICK.change(scribble_weight=4))
    layer = finish(panel)
    run = panel.kept.find(layer)
    paint(layer, range(4, 20), range(24, 28), 50)
    refine(panel, qtbot)
    assert run.find_painted(layer, run.job.position).sum() == 64
    for _ in range(2):
        layer.undo()
        assert run.find_painted(layer, run.job.position).sum() == 64
        layer.undo()
        assert not run.find_painted(layer, run.job.position).any()
        layer.redo()
        layer.redo()
        assert run.find_painted(layer, run.job.position).sum() == 64
    layer.undo()
    paint(layer, [0], [0], 60)
    layer.redo()  # there is none any more
    assert run.find_painted(layer, run.job.position).sum() == 65


def test_paint_that_the_next_network_agrees_with_is_carried_over_and_kept(panel, finish, qtbot):
    first = finish(panel)
    wait_for_threads(qtbot)
    made = first.data.copy()
    paint(first, range(5, 9), range(5, 9), 70)
    second = finish(panel)
    wait_for_threads(qtbot)
    # By hand back to the label that each network gives there, which undo did not do.
    run = panel.kept.find(second)
    assert run.find_painted(second, run.job.position).sum() == 16
    paint(second, range(5, 9), range(5, 9), int(made[5, 5]))
    assert run.find_painted(second, run.job.position).sum() == 16


@pytest.mark.parametrize("at", [(2, 2), (5, 5)])
def test_what_is_painted_as_soon_as_a_run_is_stopped_stays(panel, finish, begin, qtbot, at):
    first = finish(panel)
    paint(first, range(5, 9), range(5, 9), 70)
    run = begin(panel)
    panel.stop()
    assert run.layer.editable
    assert (run.layer.data[5:9, 5:9] == 70).all()
    before = run.layer.data.copy()
    paint(run.layer, [at[0]], [at[1]], 60)
    wait_for_threads(qtbot)
    qtbot.wait(20)
    assert run.layer.data[at] == 60
    run.layer.undo()
    np.testing.assert_array_equal(run.layer.data, before)


def test_without_paint_there_is_nothing_to_refine(panel, finish, capsys, qtbot):
    layer = finish(panel)
    wait_for_threads(qtbot)
    before = layer.data.copy()
    panel.refine()
    assert panel.run is None
    assert "nothing is painted" in capsys.readouterr().out
    np.testing.assert_array_equal(layer.data, before)


def test_labels_from_elsewhere_are_not_refined(viewer):
    layer = viewer.add_labels(np.zeros((4, 4), np.int32))
    with pytest.raises(ImageError, match="select the labels of a run"):
        Session().find(layer)


def test_stop_leaves_the_labels_as_they_are(panel, finish, qtbot):
    panel.show_settings(QUICK.change(refine_iterations=100_000, quality="exact"))
    panel.advanced["iterations"].value = 3
    layer = finish(panel)
    paint(layer, range(2, 4), range(2, 4), 50)
    before = layer.data.copy()
    panel.refine()
    panel.stop()
    wait_for_threads(qtbot)
    assert panel.run is None
    np.testing.assert_array_equal(layer.data, before)


def test_a_plane_of_a_stack_is_refined_and_the_others_stay(viewer, qtbot, finish, halves):
    stack = np.stack([halves] * 4)
    viewer.add_image(stack, name="cells", axis_labels=("z", "y", "x"), scale=(2, 1, 1))
    panel = open_panel(viewer)
    panel.show_settings(QUICK.change(scribble_weight=4))
    panel.stack.planes.value = "All planes"
    viewer.dims.set_current_step(0, 1)
    layer = finish(panel)
    wait_for_threads(qtbot)
    before = layer.data.copy()
    viewer.dims.set_current_step(0, 3)
    layer.data_setitem((np.full(8, 3), np.arange(4, 12), np.full(8, 25)), 50)
    viewer.layers.selection.active = layer
    refine(panel, qtbot)
    assert (layer.data[3, 5:11, 23:28] == 50).mean() > 0.8
    np.testing.assert_array_equal(layer.data[:3], before[:3])


def replay_saved(layer, picture, path):
    """Save a layer, and replay on the picture the recipe that the file holds."""
    layer.save(str(path))
    recipe = read_recipe(path).recipe
    return recipe, replay(to_plane(picture), recipe)


def test_the_recipe_of_refined_labels_gives_them_again(panel, finish, qtbot, halves, tmp_path):
    layer = finish(panel)
    paint(layer, range(4, 20), range(24, 28), 50)
    panel.show_settings(QUICK.change(scribble_weight=4, refine_iterations=7, mu=20))
    refine(panel, qtbot)
    paint(layer, range(2, 6), range(3, 9), 0)
    refine(panel, qtbot)
    paint(layer, range(20, 22), range(30), 60)
    path = tmp_path / "refined.dynaseg.ome.tif"
    recipe, labels = replay_saved(layer, halves, path)
    np.testing.assert_array_equal(labels, layer.data)
    first, second = recipe.refinements
    assert (first.planes, first.painted[0].pixels, second.painted[0].pixels) == ("this", 64, 88)
    assert first.settings == {
        "scheme": "scf",
        "mu": 20,
        "refine_iterations": 7,
        "scribble_weight": 4,
    }
    assert recipe.corrections[0].pixels == 60
    layer.save(str(tmp_path / "again.dynaseg.ome.tif"))
    opened = read_layers(str(path))[0]
    np.testing.assert_array_equal(opened[0], layer.data)
    assert Recipe.from_metadata(opened[1]["metadata"]) == recipe


def test_a_recipe_forgets_a_refinement_that_is_undone_and_knows_one_done_again(
    panel, finish, qtbot, halves, tmp_path
):
    layer = finish(panel)
    for label in (50, 60):
        paint(layer, range(4, 20), range(24, 28), label)
        refine(panel, qtbot)
    counts = []
    for turn in (layer.undo, layer.undo, layer.undo, layer.redo, layer.redo, layer.redo):
        turn()
        recipe, labels = replay_saved(layer, halves, tmp_path / "cells.dynaseg.ome.tif")
        np.testing.assert_array_equal(labels, layer.data)
        counts.append(len(recipe.refinements))
    assert counts == [1, 1, 0, 1, 1, 2]


def test_after_undo_refine_trains_the_network_on_that_was_there_before(
    panel, finish, qtbot, halves, tmp_path
):
    layer = finish(panel)
    paint(layer, range(4, 20), range(24, 28), 50)
    refine(panel, qtbot)
    once = layer.data.copy()
    layer.undo()
    refine(panel, qtbot)
    np.testing.assert_array_equal(layer.data, once)
    recipe, labels = replay_saved(layer, halves, tmp_path / "cells.dynaseg.ome.tif")
    np.testing.assert_array_equal(labels, once)
    assert len(recipe.refinements) == 1


def test_paint_that_came_while_it_refined_is_a_correction_of_the_recipe(
    panel, finish, qtbot, halves, tmp_path
):
    layer = finish(panel)
    paint(layer, range(4, 20), range(24, 28), 50)
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.refine()
        paint(layer, range(10, 12), range(20, 28), 70)
    wait_for_threads(qtbot)
    assert (layer.data[10:12, 20:28] == 70).all()
    recipe, labels = replay_saved(layer, halves, tmp_path / "cells.dynaseg.ome.tif")
    np.testing.assert_array_equal(labels, layer.data)
    assert recipe.refinements[0].painted[0].pixels == 64


@pytest.fixture
def stacked(viewer, halves, finish, qtbot):
    """Give a panel and the labels of a stack of 4 alike planes, each with its own noise."""
    noise = np.random.default_rng(1).integers(0, 6, (4, *halves.shape), np.uint8)
    stack = np.stack([halves] * 4) + noise
    viewer.add_image(stack, name="cells", axis_labels=("z", "y", "x"), scale=(2, 1, 1))
    panel = open_panel(viewer)
    panel.show_settings(QUICK.change(scribble_weight=4))
    panel.stack.planes.value = "All planes"
    viewer.dims.set_current_step(0, 1)
    layer = finish(panel)
    wait_for_threads(qtbot)
    viewer.layers.selection.active = layer
    return panel, layer, stack


def paint_bar(layer, plane, rows, columns, label):
    where = np.meshgrid([plane], rows, columns, indexing="ij")
    layer.data_setitem(tuple(part.ravel() for part in where), label)


def test_refine_of_all_planes_goes_on_from_plane_to_plane_as_one_step(stacked, qtbot):
    panel, layer, _ = stacked
    panel.stack.refine.value = "All planes"
    paint_bar(layer, 3, range(2, 5), range(28, 31), 70)
    paint_bar(layer, 1, range(4, 20), range(22, 27), 50)
    before = layer.data.copy()
    refine(panel, qtbot)
    for plane in range(4):
        assert (layer.data[plane, 5:19, 20:] == 50).mean() > 0.7
        assert (layer.data[plane, :, :12] == 50).mean() < 0.05
    assert (layer.data[3, 2:5, 28:31] == 70).all()
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)
    assert Recipe.from_metadata(layer.metadata).refinements == ()
    layer.redo()
    assert len(Recipe.from_metadata(layer.metadata).refinements) == 1


def test_refine_of_this_plane_leaves_the_others(stacked, qtbot):
    panel, layer, _ = stacked
    assert not panel.stack.refine.native.isHidden()
    paint_bar(layer, 1, range(4, 20), range(22, 27), 50)
    before = layer.data.copy()
    refine(panel, qtbot)
    np.testing.assert_array_equal(layer.data[[0, 2, 3]], before[[0, 2, 3]])


@pytest.mark.parametrize("planes", ["This plane", "All planes"])
def test_refined_labels_of_a_stack_are_replayed_from_their_file(stacked, qtbot, tmp_path, planes):
    panel, layer, stack = stacked
    panel.stack.refine.value = planes
    paint_bar(layer, 1, range(4, 20), range(22, 27), 50)
    refine(panel, qtbot)
    panel._viewer.dims.set_current_step(0, 2)
    paint_bar(layer, 2, range(4, 20), range(3, 5), 60)
    refine(panel, qtbot)
    saved = tmp_path / "labels.dynaseg.ome.zarr"
    layer.save(str(saved))
    tifffile.imwrite(tmp_path / "cells.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    plan = plan_replay(read_recipe(saved), str(tmp_path / "cells.tif"), tmp_path / "again.ome.zarr")
    for _ in range(2):  # a second call changes nothing
        run = begin_replay(plan)
        if not run.is_trained:
            list(run.train())
        list(run.segment())
        np.testing.assert_array_equal(run.store.array[...], layer.data)


def test_stop_amid_the_planes_leaves_all_labels_as_they_are(stacked, qtbot):
    panel, layer, _ = stacked
    panel.stack.refine.value = "All planes"
    paint_bar(layer, 1, range(4, 20), range(22, 27), 50)
    before, recipe = layer.data.copy(), dict(layer.metadata)
    panel.refine()
    told = []
    panel.run.progressed.connect(told.append)
    qtbot.waitUntil(lambda: bool(told) and isinstance(told[-1], PlaneDone), timeout=TIMEOUT)
    panel.stop()
    wait_for_threads(qtbot)
    np.testing.assert_array_equal(layer.data, before)
    assert layer.metadata == recipe


def test_a_large_step_asks_first(stacked, qtbot, monkeypatch):
    panel, layer, _ = stacked
    monkeypatch.setattr(confirmation, "MOST_UNDO_BYTES", 100)
    paint_bar(layer, 1, range(4, 20), range(22, 27), 50)
    before = layer.data.copy()
    refine(panel, qtbot)
    np.testing.assert_array_equal(layer.data, before)
    assert panel.refine_button.text.startswith("Really? Its undo would take ")
    panel.refine_button.native.click()
    assert (layer.data[1, 5:19, 20:] == 50).mean() > 0.7
    assert panel.refine_button.text == "Refine"
    assert Recipe.from_metadata(layer.metadata).refinements


def test_labels_that_cannot_be_changed_are_not_refined(panel, finish, capsys, qtbot):
    layer = finish(panel)
    wait_for_threads(qtbot)
    paint(layer, range(2, 4), range(2, 4), 50)
    layer.editable = False
    panel.refine()
    assert panel.run is None
    assert "cannot be edited now" in capsys.readouterr().out


def test_labels_whose_recipe_the_user_threw_away_are_refined_all_the_same(panel, finish, qtbot):
    layer = finish(panel)
    layer.metadata = {}
    paint(layer, range(4, 20), range(24, 28), 50)
    refine(panel, qtbot)
    assert layer.metadata == {}
    assert (layer.data == 50).sum() > 64


def test_labels_of_a_stack_on_disk_are_refined_and_led_back(
    viewer, halves, finish, qtbot, tmp_path
):
    viewer.add_image(np.stack([halves] * 3), name="cells", axis_labels=("z", "y", "x"))
    panel = open_panel(viewer)
    panel.show_settings(QUICK.change(scribble_weight=4))
    panel.stack.planes.value = panel.stack.refine.value = "All planes"
    panel.stack.folder.value = tmp_path / "kept.dynaseg.ome.zarr"
    layer = finish(panel)
    wait_for_threads(qtbot)
    viewer.layers.selection.active = layer
    paint_bar(layer, 1, range(4, 20), range(22, 27), 50)
    before = np.asarray(layer.data[...])
    refine(panel, qtbot)
    after = np.asarray(layer.data[...])
    assert all((after[plane, 5:19, 20:] == 50).mean() > 0.7 for plane in range(3))
    layer.undo()
    np.testing.assert_array_equal(np.asarray(layer.data[...]), before)
    assert Recipe.from_metadata(layer.metadata).refinements == ()


def test_scribbles_and_refinements_within_a_part_are_in_the_recipe(
    viewer, panel, finish, qtbot, halves, tmp_path
):
    mask, drawn = np.zeros((24, 32), int), np.zeros((24, 32), int)
    mask[2:22, 6:30], drawn[5:9, 4:12], drawn[5:9, 24:27] = 1, 40, 7
    panel.scribbles.value = viewer.add_labels(drawn, name="strokes")
    panel.input.region_of_interest.value = viewer.add_labels(mask, name="part")
    layer = finish(panel)
    wait_for_threads(qtbot)
    inside = (drawn > 0) & (mask > 0)
    np.testing.assert_array_equal(layer.data[inside], drawn[inside])
    assert not layer.data[mask == 0].any()
    paint(layer, range(12, 16), range(18, 22), 50)
    viewer.layers.selection.active = layer
    refine(panel, qtbot)
    assert not layer.data[mask == 0].any()
    recipe, labels = replay_saved(layer, halves, tmp_path / "cells.dynaseg.ome.tif")
    np.testing.assert_array_equal(labels, layer.data)
    assert len(recipe.refinements) == 1


def test_a_stack_within_a_part_is_refined_and_replayed(viewer, halves, finish, qtbot, tmp_path):
    stack, mask = np.stack([halves] * 3), np.zeros((24, 32), int)
    mask[2:22, 6:30] = 1
    viewer.add_image(stack, name="cells", axis_labels=("z", "y", "x"))
    part = viewer.add_labels(mask, name="part")
    panel = open_panel(viewer)
    panel.show_settings(QUICK.change(scribble_weight=4))
    panel.input.region_of_interest.value = part
    panel.stack.planes.value = panel.stack.refine.value = "All planes"
    layer = finish(panel)
    wait_for_threads(qtbot)
    viewer.layers.selection.active = layer
    paint_bar(layer, 1, range(4, 20), range(22, 27), 50)
    refine(panel, qtbot)
    assert not layer.data[:, mask == 0].any()
    assert all((plane[5:19, 20:28] == 50).mean() > 0.7 for plane in layer.data)
    layer.save(str(tmp_path / "labels.dynaseg.ome.zarr"))
    tifffile.imwrite(tmp_path / "cells.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    found = read_recipe(tmp_path / "labels.dynaseg.ome.zarr")
    plan = plan_replay(found, str(tmp_path / "cells.tif"), tmp_path / "again.ome.zarr")
    run = begin_replay(plan)
    list(run.train())
    list(run.segment())
    np.testing.assert_array_equal(run.store.array[...], layer.data)
