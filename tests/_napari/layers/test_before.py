"""What was before the last change is found, in the plane on view and nowhere else."""

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_dynaseg._napari.layers.before import LastChanges
from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.edit_targets import find_target
from napari_dynaseg._napari.layers.job import snapshot
from napari_dynaseg._napari.layers.kept_runs import KeptRun, KeptRuns
from napari_dynaseg.errors import EditError


def change_labels(before, after):
    """Give a layer whose labels were changed by a tool, and the changes noted."""
    viewer = ViewerModel()
    layer = viewer.add_labels(np.array(before, np.int32))
    target = find_target(layer, viewer.dims, "All planes")
    change = Change.between(target, target.read(), np.array(after, np.int32))
    change.write()
    changes = LastChanges(KeptRuns())
    changes.note(change, "Smooth")
    return layer, changes


def see(layer):
    return (slice(None),) * layer.ndim


def test_a_tool_is_taken_back_to_look_at_and_the_layer_stays():
    layer, changes = change_labels([[1, 1, 2]], [[1, 2, 2]])
    before = changes.find_before(layer, see(layer))
    np.testing.assert_array_equal(before.labels, [[1, 1, 2]])
    assert before.words == "before Smooth"
    np.testing.assert_array_equal(layer.data, [[1, 2, 2]])


def test_what_was_painted_since_is_seen_on_both_sides():
    layer, changes = change_labels([[1, 1, 2]], [[1, 2, 1]])
    layer.data[0, 1] = 9
    before = changes.find_before(layer, see(layer))
    np.testing.assert_array_equal(before.labels, [[1, 9, 2]])


def test_only_the_plane_on_view_is_looked_at():
    layer, changes = change_labels([[[1, 1]], [[2, 2]]], [[[1, 3]], [[4, 2]]])
    before = changes.find_before(layer, (1, slice(None), slice(None)))
    np.testing.assert_array_equal(before.labels, [[2, 2]])


def test_a_change_that_was_undone_is_no_before():
    layer, changes = change_labels([[1, 1, 2]], [[1, 2, 2]])
    layer.undo()
    with pytest.raises(EditError, match="nothing has changed in this plane of 'Labels'"):
        changes.find_before(layer, see(layer))


def test_new_data_of_a_layer_have_no_before():
    layer, changes = change_labels([[1, 1, 2]], [[1, 2, 2]])
    layer.data = np.array([[1, 2, 2]], np.int32)
    with pytest.raises(EditError, match="nothing has changed"):
        changes.find_before(layer, see(layer))


def test_a_layer_that_is_gone_is_forgotten():
    layer, changes = change_labels([[1, 1, 2]], [[1, 2, 2]])
    changes.forget(layer)
    with pytest.raises(EditError, match="nothing has changed"):
        changes.find_before(layer, see(layer))


@pytest.mark.parametrize("is_stack", [False, True])
def test_before_any_change_paint_is_compared_with_the_networks_labels(is_stack):
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((3, 2, 4), np.uint8), axis_labels=("z", "y", "x"))
    viewer.dims.set_current_step(0, 1)
    job = snapshot(image, viewer.dims)
    run = KeptRun(job, is_stack)
    given = np.ones((2, 4), np.int32)
    run.maps.remember(job.position, given)
    shape = job.stack_shape if is_stack else (1, 2, 4)
    layer = viewer.add_labels(np.ones(shape, np.int32))
    layer.data[-1 if not is_stack else 1, 0, 0] = 7
    kept = KeptRuns()
    kept.keep(layer, run)
    index = (1, slice(None), slice(None)) if is_stack else (0, slice(None), slice(None))
    before = LastChanges(kept).find_before(layer, index)
    assert before.words == "as the network gave them"
    np.testing.assert_array_equal(before.labels, given)
    if is_stack:
        with pytest.raises(EditError, match="nothing has changed"):
            LastChanges(kept).find_before(layer, (0, slice(None), slice(None)))
