"""Segment within a Shapes layer or a mask in the viewer: 0 outside, and all that follows fits."""

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication
from tests._napari.conftest import QUICK, open_panel
from tests._napari.panel.test_compare import keep, replay_recipe
from tests._napari.panel.test_widget import last_notification, wait_for_threads
from tests._napari.work.test_refinement import paint, refine

from napari_dynaseg._napari.layers.job import snapshot
from napari_dynaseg._napari.layers.masks import limit_job
from napari_dynaseg.cli.replay_files import begin_replay, plan_replay
from napari_dynaseg.errors import EditError, ImageError, SettingsError
from napari_dynaseg.files.recipe_files import FoundRecipe
from napari_dynaseg.recipes.recipe import Recipe

BOX = [[3.5, 7.5], [3.5, 27.5], [19.5, 27.5], [19.5, 7.5]]


@pytest.fixture
def inside():
    inside = np.zeros((24, 32), bool)
    inside[4:20, 8:28] = True
    return inside


@pytest.fixture
def layer(panel, viewer, finish, qtbot):
    """Give the labels of a run within a box."""
    panel.input.region_of_interest.value = viewer.add_shapes([BOX], name="area")
    layer = finish(panel)
    wait_for_threads(qtbot)
    return layer


@pytest.mark.short_pass
def test_a_polygon_limits_a_run_to_what_it_covers(layer, inside, halves):
    assert (layer.data[~inside] == 0).all()
    assert (layer.data[inside] > 0).all()
    np.testing.assert_array_equal(replay_recipe(layer, halves), layer.data)


def test_a_mask_may_go_when_the_run_has_begun(panel, viewer, inside, finish, qtbot):
    mask = viewer.add_labels(inside.astype(int), name="mask")
    panel.input.region_of_interest.value = mask
    job = panel.input.snapshot()
    viewer.layers.remove(mask)
    np.testing.assert_array_equal(job.within.mask, inside)
    assert panel.input.region_of_interest.value is None
    assert panel.input.snapshot().within is None


def test_an_iteration_that_is_kept_stays_within(panel, layer, inside, halves):
    keep(panel, 1)
    assert (layer.data[~inside] == 0).all()
    np.testing.assert_array_equal(replay_recipe(layer, halves), layer.data)


def test_refine_stays_within_and_leaves_what_is_painted_outside(panel, layer, inside, qtbot):
    panel.show_settings(QUICK.change(scribble_weight=4))
    paint(layer, range(2), range(2), 60)
    paint(layer, range(6, 18), range(20, 24), 50)
    refine(panel, qtbot)
    assert (layer.data[6:18, 20:24] == 50).all()
    assert (layer.data[:2, :2] == 60).all()
    outside = ~inside
    outside[:2, :2] = False
    assert (layer.data[outside] == 0).all()


def test_paint_outside_alone_is_nothing_to_refine(panel, layer, qtbot, capsys):
    paint(layer, range(2), range(2), 60)
    before = layer.data.copy()
    refine(panel, qtbot)
    assert "nothing is painted in the part of the plane" in capsys.readouterr().out
    np.testing.assert_array_equal(layer.data, before)


@pytest.fixture
def stack_panel(viewer, halves):
    """Give a panel on a stack of three planes, to be segmented within a box."""
    planes = np.stack([halves, halves + 10, halves + 20])
    viewer.add_image(planes, name="cells", axis_labels=("Z", "Y", "X"))
    panel = open_panel(viewer)
    viewer.dims.set_current_step(0, 1)
    corners = np.insert(np.array(BOX), 0, 1, axis=1)
    panel.input.region_of_interest.value = viewer.add_shapes([corners], name="area")
    panel.stack.planes.value = "All planes"
    return panel


@pytest.mark.parametrize("strategy", ["one", "follow", "each"])
def test_every_plane_of_a_stack_is_limited_and_replayed_alike(
    stack_panel, viewer, inside, finish, qtbot, tmp_path, strategy
):
    stack_panel.show_settings(QUICK.change(strategy=strategy))
    layer = finish(stack_panel)
    wait_for_threads(qtbot)
    assert (layer.data[:, ~inside] == 0).all()
    assert (layer.data[:, inside] > 0).all()
    path = tmp_path / "cells.tif"
    tifffile.imwrite(path, viewer.layers["cells"].data, imagej=True, metadata={"axes": "ZYX"})
    found = FoundRecipe(Recipe.from_metadata(layer.metadata))
    run = begin_replay(plan_replay(found, str(path), tmp_path / "again.ome.zarr"))
    list(run.train())
    with pytest.raises(SettingsError, match="limited to a part cannot be shared out"):
        next(run.segment(client=object()))
    list(run.segment())
    np.testing.assert_array_equal(run.store.array[:], layer.data)


def test_a_stack_on_disk_knows_its_mask_when_it_goes_on(
    stack_panel, viewer, finish, qtbot, tmp_path
):
    stack_panel.stack.folder.value = tmp_path / "labels.ome.zarr"
    layer = finish(stack_panel)
    wait_for_threads(qtbot)
    assert not np.asarray(layer.data[:, :4]).any()
    stack_panel.input.region_of_interest.value = None
    stack_panel.start()
    assert stack_panel.run is None
    assert "within" in last_notification()


def test_a_plane_of_a_limited_stack_is_refined_within(stack_panel, viewer, inside, finish, qtbot):
    layer = finish(stack_panel)
    wait_for_threads(qtbot)
    viewer.dims.set_current_step(0, 2)
    where = np.nonzero(np.ones((8, 4)))
    layer.data_setitem((np.full(32, 2), where[0] + 8, where[1] + 22), 50)
    viewer.layers.selection.active = layer
    refine(stack_panel, qtbot)
    assert (layer.data[2, 8:16, 22:26] == 50).all()
    assert (layer.data[:, ~inside] == 0).all()


def test_a_saved_network_labels_whole_planes_alone(panel, viewer):
    panel.input.region_of_interest.value = viewer.add_shapes([BOX], name="area")
    panel.start(network=object())
    assert panel.run is None
    assert "a saved network labels whole planes" in last_notification()


def test_a_run_within_a_layer_is_no_line_to_copy(panel, viewer):
    panel.input.region_of_interest.value = viewer.add_shapes([BOX], name="area")
    QApplication.clipboard().setText("mine")
    panel.copy_row.copy_python()
    assert "replay" in last_notification()
    assert QApplication.clipboard().text() == "mine"


def test_the_sheet_of_trials_is_of_the_box(panel, viewer):
    from napari_dynaseg._napari.panel.contact_sheet import print_trials

    panel.input.region_of_interest.value = viewer.add_shapes([BOX], name="area")
    found = [each for each in print_trials(panel.input.snapshot(), (QUICK,)) if each]
    assert found[0].trial.labels.shape == (16, 20)


def see(shape, **placing):
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros(shape, np.uint8), **placing)
    return viewer, layer


def test_shapes_count_on_the_plane_on_view_alone():
    viewer, image = see((3, 8, 8), axis_labels=("z", "y", "x"), scale=(4, 2, 2))
    corners = [[1, 1.5, 1.5], [1, 1.5, 4.5], [1, 3.5, 4.5], [1, 3.5, 1.5]]
    shapes = viewer.add_shapes([corners], scale=(4, 2, 2), name="area")
    viewer.dims.set_current_step(0, 1)
    limited = limit_job(snapshot(image, viewer.dims), shapes, viewer.dims)
    assert limited.within.box == (slice(2, 4), slice(2, 5))
    viewer.dims.set_current_step(0, 2)
    with pytest.raises(ImageError, match="'area' covers no part of the plane on view"):
        limit_job(snapshot(image, viewer.dims), shapes, viewer.dims)


def test_a_mask_of_another_scale_is_read_where_it_lies():
    viewer, image = see((8, 8))
    mask = np.zeros((4, 4), int)
    mask[1, 2] = 1
    labels = viewer.add_labels(mask, scale=(2, 2), translate=(0.5, 0.5))
    limited = limit_job(snapshot(image, viewer.dims), labels, viewer.dims)
    assert limited.within.box == (slice(2, 4), slice(4, 6))


def test_shapes_without_an_area_are_refused():
    viewer, image = see((8, 8))
    shapes = viewer.add_shapes([[[0, 0], [3, 3]]], shape_type="line", name="line")
    with pytest.raises(EditError, match="'line' has no area"):
        limit_job(snapshot(image, viewer.dims), shapes, viewer.dims)
