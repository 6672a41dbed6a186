"""Refine in a real viewer: paint, press, undo; and paint that outlives every run."""

import numpy as np
import pytest
from tests._napari.conftest import QUICK, TIMEOUT
from tests._napari.test_widget import wait_for_threads

from napari_dynaseg._napari.kept_runs import KeptRuns
from napari_dynaseg.errors import ImageError


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
        KeptRuns().find(layer)


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
    from tests._napari.conftest import open_panel

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
