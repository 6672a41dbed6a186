"""What a layer has gone through is known: its runs, its paint, and what was before."""

import gc
from functools import partial
from weakref import ref

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager
from tests._napari.conftest import EITHER_WAY, TIMEOUT, open_panel, open_panel_by_napari
from tests._napari.panel.test_widget import wait_for_threads
from tests._napari.work.test_refinement import paint

from napari_dynaseg._napari.layers.classes import give_class
from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.edit_targets import find_target, write_locked
from napari_dynaseg._napari.layers.job import snapshot
from napari_dynaseg._napari.layers.kept_run import KeptRun
from napari_dynaseg._napari.layers.session import Session
from napari_dynaseg._napari.layers.tools import TOOLS, Choice, Outcome, apply_tool
from napari_dynaseg._napari.panel.correct.correction_rows import ALL
from napari_dynaseg.errors import EditError, ImageError
from napari_dynaseg.settings import Settings

SIDE = 256
WHOLE = slice(None)
SMOOTH = next(tool for tool in TOOLS if tool.name == "smooth")


@pytest.fixture
def picture():
    """Give a 256×256 picture of blobs in noise."""
    rows, columns = np.indices((SIDE, SIDE))
    waves = np.sin(rows / 13) * np.cos(columns / 17)
    noise = np.random.default_rng(0).normal(0, 0.25, (SIDE, SIDE))
    return ((waves + noise).clip(-1.5, 1.5) * 80 + 128).astype(np.uint8)


def use(panel, qtbot, name):
    panel.corrections.rows.on.value = ALL
    panel.corrections.rows.buttons[name].native.click()
    qtbot.waitUntil(lambda: panel.corrections.queue.tasks.task is None, timeout=TIMEOUT)
    wait_for_threads(qtbot)


def press_segment(panel, qtbot):
    with qtbot.waitSignal(panel.run_ended, timeout=60_000):
        panel.segment_button.native.click()
        run = panel.run
    wait_for_threads(qtbot)
    return run.layer, run.update.labels


@pytest.mark.parametrize("opens", [open_panel, open_panel_by_napari])
def test_of_a_plane_of_usual_size_paint_and_locked_labels_are_carried_and_no_tool(
    viewer, npe2pm, picture, qtbot, opens
):
    from npe2 import PluginManifest

    npe2pm.register(PluginManifest.from_distribution("napari-dynaseg"))
    viewer.add_image(picture)
    panel = opens(viewer)
    panel.show_settings(Settings(iterations=40, clean=False))
    first, _ = press_segment(panel, qtbot)
    paint(first, range(20, 40), range(30, 60), 150)
    for name in ("specks", "smooth", "shrink", "relabel"):
        use(panel, qtbot, name)
    paint(first, range(200, 210), range(200, 230), 160)
    painted = np.zeros((SIDE, SIDE), bool)
    painted[20:40, 30:60] = painted[200:210, 200:230] = True
    locked = int(first.data[128, 128])
    write_locked(first, [locked])
    panel.show_settings(Settings(iterations=40, clean=False, seed=5))
    second, made = press_segment(panel, qtbot)
    fixed = painted | (first.data == locked)
    np.testing.assert_array_equal(second.data, np.where(fixed, first.data, made))
    # The canvas shows it as well, without a refresh.
    shown = second._slice.image.view.copy()
    second.refresh()
    np.testing.assert_array_equal(shown, second._slice.image.view)


@EITHER_WAY
def test_what_is_painted_again_after_a_tool_or_its_undo_is_carried(panel, finish, qtbot):
    first = finish(panel)
    qtbot.wait(1)
    use(panel, qtbot, "delete")
    assert not first.data.any()
    first.undo()
    paint(first, range(2, 4), range(2, 4), 0)  # by hand what the tool had made
    second = finish(panel)
    wait_for_threads(qtbot)
    assert (second.data[2:4, 2:4] == 0).all()
    assert np.count_nonzero(second.data == 0) == 4


# -- on a tiny stack, without a window ------------------------------------------------------


@pytest.fixture
def kept_stack():
    """Give the kept runs, a run, and its layer: three planes of 2×4 pixels of label 1."""
    viewer = ViewerModel()
    image = viewer.add_image(np.ones((3, 2, 4)), axis_labels=("z", "y", "x"))
    job, kept = snapshot(image, viewer.dims), Session()
    run, layer = KeptRun(job, True), viewer.add_labels(np.ones((3, 2, 4), int))
    for position in job.axes.list_positions():
        run.maps.remember(position, np.ones((2, 4), np.int32))
    kept.keep(layer, run)
    return kept, run, layer, viewer.dims


def apply(kept, layer, dims, edited):
    change = Change.between(find_target(layer, dims, "All planes"), layer.data.copy(), edited)
    kept.write_tool(Outcome(TOOLS[0], change))


def find_all(run, layer):
    """Find all that was painted by hand, plane by plane."""
    return [run.find_painted_by_hand(layer, at).tolist() for at in run.job.axes.list_positions()]


def test_a_tool_takes_no_paint_away_and_adds_none_on_any_plane(kept_stack):
    kept, run, layer, dims = kept_stack
    painted = np.zeros((3, 2, 4), bool)
    painted[1, 0, 2] = painted[2, 1, 3] = True
    layer.data_setitem(np.nonzero(painted), 7)
    apply(kept, layer, dims, np.where(layer.data == 7, 2, 5))
    assert find_all(run, layer) == painted.tolist()
    apply(kept, layer, dims, np.where(layer.data == 5, 6, layer.data))
    assert find_all(run, layer) == painted.tolist()
    layer.data_setitem((np.array([0]), np.array([0]), np.array([0])), 9)
    painted[0, 0, 0] = True
    assert find_all(run, layer) == painted.tolist()


def test_paint_by_hand_is_known_through_undo_and_redo_of_tools(kept_stack):
    kept, run, layer, dims = kept_stack
    layer.data_setitem((np.array([1]), np.array([0]), np.array([2])), 7)
    painted = layer.data == 7
    apply(kept, layer, dims, np.full((3, 2, 4), 5))
    for _ in range(2):
        layer.undo()
        assert find_all(run, layer) == painted.tolist()
        layer.undo()
        assert not np.any(find_all(run, layer))
        layer.redo()
        layer.redo()
        assert find_all(run, layer) == painted.tolist()


def test_what_tools_did_still_counts_as_changed(kept_stack):
    kept, run, layer, dims = kept_stack
    apply(kept, layer, dims, np.full((3, 2, 4), 5))
    assert all(run.find_painted(layer, at).all() for at in run.job.axes.list_positions())


# -- memory ---------------------------------------------------------------------------------


def keep_plane(labels):
    """Give the session, the run and the layer of a plane, and the viewer's dims."""
    viewer = ViewerModel()
    job = snapshot(viewer.add_image(np.zeros(labels.shape, np.uint8)), viewer.dims)
    session, run, layer = Session(), KeptRun(job, False), viewer.add_labels(labels)
    run.maps.remember(job.position, labels)
    session.keep(layer, run)
    return session, run, layer, viewer.dims


def test_of_more_tools_than_can_be_undone_only_paint_by_hand_and_few_bytes_are_left():
    side, blocks = 512, np.arange(512) // 64
    session, run, layer, dims = keep_plane((blocks[:, None] * 8 + blocks + 1).astype(np.int32))
    painted = np.zeros((side, side), bool)
    for step in range(130):
        if step in (0, 50, 129):
            painted[step * 3 : step * 3 + 20, 100:140] = True
            layer.data_setitem(np.nonzero(painted), 9999)
        apply(session, layer, dims, np.where(painted, layer.data, layer.data % 64 + 1))
    np.testing.assert_array_equal(run.find_painted_by_hand(layer, run.job.position), painted)
    assert [made.nbytes < 40_000 for made in run.tools.values()] == [True]
    assert len(session._pasts[layer].history._steps) <= 100
    for _ in range(60):
        layer.undo()
    painted[387:] = False  # of the last paint nothing is left
    np.testing.assert_array_equal(run.find_painted_by_hand(layer, run.job.position), painted)


def test_a_layer_that_is_gone_takes_all_that_it_has_gone_through_with_it():
    session, run, layer, dims = keep_plane(np.repeat(np.int32([3, 5, 9]), 4).reshape(3, 4))
    give_class(layer, [9], "cell")
    for name, choice in (("relabel", Choice()), ("objects", Choice(numbers=(3,)))):
        tool = next(tool for tool in TOOLS if tool.name == name)
        session.write_tool(apply_tool(tool, find_target(layer, dims, "All planes"), choice))
    network = partial(int)
    whole = find_target(layer, dims, "All planes")
    change = Change.between(whole, whole.read(), whole.read() + 1)
    session.write_state(change, "Refine", run.describe_state(layer)._replace(keep_network=network))
    layer.undo()
    past = session._pasts[layer]
    alive = list(map(ref, (layer, layer.data, run, network, past.history, change.after)))
    del layer, run, network, past, change, whole
    gc.collect()
    assert [each() for each in alive] == [None] * 6
    assert len(session._pasts) == 0


# -- other data -----------------------------------------------------------------------------


def test_a_run_whose_labels_have_another_shape_is_refused_in_a_sentence(kept_stack):
    kept, _, layer, _ = kept_stack
    layer.data = np.ones((2, 4), int)
    expected = r"replaced by others of shape \(2, 4\); expected \(3, 2, 4\)"
    with pytest.raises(ImageError, match=expected):
        kept.find(layer)


@pytest.mark.parametrize("shape", [(7, 9), (3, 40, 50)])
def test_labels_replaced_after_a_run_stop_nothing(panel, finish, qtbot, viewer, shape):
    layer = finish(panel)
    paint(layer, range(2, 4), range(2, 4), 9)
    panel.corrections.rows.class_name.value = "sky"
    use(panel, qtbot, "class")
    use(panel, qtbot, "relabel")
    layer.data = np.ones(shape, int)
    viewer.layers.selection.active = layer
    panel.refine()
    assert "were replaced by others" in notification_manager.records[-1].message
    assert panel.run is None
    panel.corrections.rows.keep_paint.value = True
    use(panel, qtbot, "delete")
    assert "were replaced by others" in notification_manager.records[-1].message
    panel.corrections.rows.keep_paint.value = False
    panel.compare.scrub(0)
    panel.compare.flip()
    assert panel.compare.preview is None
    use(panel, qtbot, "delete")
    assert not layer.data.all()
    second = finish(panel)
    wait_for_threads(qtbot)
    assert second.data.shape == (24, 32)
    assert second.data.all()


@pytest.mark.parametrize("shape", [(7, 9), (24, 32)])
def test_labels_replaced_during_a_run_stop_it_and_stay_as_they_are(panel, begin, qtbot, shape):
    run = begin(panel)
    data = np.full(shape, 3)
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        run.layer.data = data
    wait_for_threads(qtbot)
    assert "were replaced, so the run has stopped" in notification_manager.records[-1].message
    assert (data == 3).all()
    assert run.layer.editable
    assert panel.run is None


def test_labels_replaced_before_the_first_ones_came_stay_in_the_viewer(panel, qtbot):
    panel.start()
    run = panel.run
    run.layer.data = np.full((7, 9), 3)
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        run.stop()
    wait_for_threads(qtbot)
    assert run.layer in panel._viewer.layers


def test_labels_replaced_while_they_are_refined_stay_as_they_are(panel, finish, qtbot):
    layer = finish(panel)
    paint(layer, range(4, 20), range(24, 28), 50)
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.refine()
        layer.data = np.full((7, 9), 3)
    wait_for_threads(qtbot)
    assert "changed meanwhile" in notification_manager.records[-1].message
    assert (layer.data == 3).all()


# -- paint in any part ----------------------------------------------------------------------


def keep_run(shape, is_stack):
    """Give the kept runs and the layer of a run that gave 1 everywhere, on some planes."""
    viewer = ViewerModel()
    image = viewer.add_image(np.ones(shape), axis_labels=("z", "y", "x")[-len(shape) :])
    job = snapshot(image, viewer.dims)
    kept, run = Session(), KeptRun(job, is_stack)
    data = np.ones(
        job.axes.label_sizes if is_stack else job.axes.wrap(np.ones(shape[-2:])).shape, int
    )
    layer = viewer.add_labels(data)
    for position in job.axes.list_positions() if is_stack else [job.position]:
        run.maps.remember(position, np.ones(shape[-2:], np.int32))
    kept.keep(layer, run)
    return kept, layer


@pytest.mark.parametrize("side", [4, SIDE])
def test_the_plane_of_a_run_on_view_is_found_in_the_units_of_its_layer(side):
    viewer = ViewerModel()
    viewer.add_image(np.zeros((5, side, side)), scale=(1000,) * 3, units=("um",) * 3)
    image = viewer.add_image(np.zeros((5, side, side)), units=("mm",) * 3)
    viewer.dims.set_current_step(0, 3)
    job = snapshot(image, viewer.dims)
    layer = viewer.add_labels(np.zeros(job.axes.label_sizes, int), **job.stack_placement)
    found = KeptRun(job, is_stack=True).find_position(layer, viewer.dims)
    assert found == job.position == (3, None, None)


def test_in_a_stack_paint_is_found_on_each_plane_and_on_all():
    kept, layer = keep_run((3, 2, 4), is_stack=True)
    layer.data[1, 0, 2] = layer.data[2, 1, 3] = 5
    np.testing.assert_array_equal(kept.find_painted(layer, (WHOLE,) * 3), layer.data == 5)
    for plane in range(3):
        found = kept.find_painted(layer, (plane, WHOLE, WHOLE))
        np.testing.assert_array_equal(found, layer.data[plane] == 5)
    across = kept.find_painted(layer, (WHOLE, WHOLE, 2))
    np.testing.assert_array_equal(across, layer.data[:, :, 2] == 5)


@pytest.mark.parametrize("shape", [(2, 4), (3, 2, 4)])
def test_in_a_layer_of_one_plane_paint_is_found_however_it_is_indexed(shape):
    kept, layer = keep_run(shape, is_stack=False)
    layer.data[..., 1, 3] = 5
    whole = kept.find_painted(layer, (WHOLE,) * layer.ndim)
    np.testing.assert_array_equal(whole, layer.data == 5)
    index = (0,) * (layer.ndim - 2) + (WHOLE, WHOLE)
    np.testing.assert_array_equal(kept.find_painted(layer, index), layer.data[index] == 5)


def test_of_a_layer_that_no_run_made_nothing_is_known():
    kept, _ = keep_run((2, 4), is_stack=False)
    other = ViewerModel().add_labels(np.ones((2, 4), int), name="other")
    with pytest.raises(EditError, match="'other' is not known"):
        kept.find_painted(other, (WHOLE, WHOLE))


# -- what was before ------------------------------------------------------------------------


def change_labels(before, after):
    """Give a layer whose labels were changed by a tool, and the changes noted."""
    viewer = ViewerModel()
    layer = viewer.add_labels(np.array(before, np.int32))
    target = find_target(layer, viewer.dims, "All planes")
    change = Change.between(target, target.read(), np.array(after, np.int32))
    session = Session()
    session.write_tool(Outcome(SMOOTH, change))
    return layer, session


def see(layer):
    return (slice(None),) * layer.ndim


def test_a_tool_is_taken_back_to_look_at_and_the_layer_stays():
    layer, session = change_labels([[1, 1, 2]], [[1, 2, 2]])
    before = session.find_before(layer, see(layer))
    np.testing.assert_array_equal(before.labels, [[1, 1, 2]])
    assert before.words == "before Smooth"
    np.testing.assert_array_equal(layer.data, [[1, 2, 2]])


def test_what_was_painted_since_is_seen_on_both_sides():
    layer, session = change_labels([[1, 1, 2]], [[1, 2, 1]])
    layer.data[0, 1] = 9
    before = session.find_before(layer, see(layer))
    np.testing.assert_array_equal(before.labels, [[1, 9, 2]])


def test_only_the_plane_on_view_is_looked_at():
    layer, session = change_labels([[[1, 1]], [[2, 2]]], [[[1, 3]], [[4, 2]]])
    before = session.find_before(layer, (1, slice(None), slice(None)))
    np.testing.assert_array_equal(before.labels, [[2, 2]])


def test_a_change_that_was_undone_is_no_before():
    layer, session = change_labels([[1, 1, 2]], [[1, 2, 2]])
    layer.undo()
    with pytest.raises(EditError, match="nothing has changed in this plane of 'Labels'"):
        session.find_before(layer, see(layer))


def test_new_data_of_a_layer_have_no_before():
    layer, session = change_labels([[1, 1, 2]], [[1, 2, 2]])
    layer.data = np.array([[1, 2, 2]], np.int32)
    with pytest.raises(EditError, match="nothing has changed"):
        session.find_before(layer, see(layer))


def test_a_layer_that_is_gone_is_forgotten():
    layer, session = change_labels([[1, 1, 2]], [[1, 2, 2]])
    session.forget(layer)
    with pytest.raises(EditError, match="nothing has changed"):
        session.find_before(layer, see(layer))


@pytest.mark.parametrize("is_stack", [False, True])
def test_before_any_change_paint_is_compared_with_the_networks_labels(is_stack):
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((3, 2, 4), np.uint8), axis_labels=("z", "y", "x"))
    viewer.dims.set_current_step(0, 1)
    job = snapshot(image, viewer.dims)
    run = KeptRun(job, is_stack)
    given = np.ones((2, 4), np.int32)
    run.maps.remember(job.position, given)
    shape = job.axes.label_sizes if is_stack else (1, 2, 4)
    layer = viewer.add_labels(np.ones(shape, np.int32))
    layer.data[-1 if not is_stack else 1, 0, 0] = 7
    kept = Session()
    kept.keep(layer, run)
    index = (1, slice(None), slice(None)) if is_stack else (0, slice(None), slice(None))
    before = kept.find_before(layer, index)
    assert before.words == "as the network gave them"
    np.testing.assert_array_equal(before.labels, given)
    if is_stack:
        with pytest.raises(EditError, match="nothing has changed"):
            kept.find_before(layer, (0, slice(None), slice(None)))
