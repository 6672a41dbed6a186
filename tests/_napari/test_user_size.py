"""What is promised of a run holds at the size and in the quality that users have, too: Fast."""

import numpy as np
import pytest
import tifffile
from tests._napari.conftest import open_panel
from tests._napari.panel.test_compare import keep, look, replay_recipe
from tests._napari.panel.test_widget import wait_for_threads
from tests._napari.work.test_refinement import paint, paint_bar, refine, replay_saved

from napari_dynaseg.cli.replay_files import begin_replay, plan_replay
from napari_dynaseg.files.recipe_files import read_recipe
from napari_dynaseg.image.pixels import to_plane
from napari_dynaseg.recipes.replay import replay
from napari_dynaseg.settings import Settings

SHAPE = 256, 280
USUAL = Settings(channels=24, iterations=6)
EVERYTHING = "scribbles", "guidance", "within"


@pytest.fixture(scope="module")
def cells():
    """Give a 12-bit picture: dark on the left, bright on the right, with the noise of a camera."""
    picture = np.full(SHAPE, 700, np.uint16)
    picture[:, 140:] = 3000
    return picture + np.random.default_rng(0).integers(0, 300, SHAPE, np.uint16)


@pytest.fixture(scope="module")
def stack(cells):
    """Give three planes, each with its own noise."""
    noise = np.random.default_rng(1).integers(0, 90, (3, *SHAPE), np.uint16)
    return np.stack([cells] * 3) + noise


def draw(name):
    """Draw thin strokes, a coarse map of another kind, or a part that cuts the strokes off."""
    drawn = np.zeros(SHAPE, np.int32)
    if name == "scribbles":
        drawn[20:230, 41:43], drawn[101:103, 160:270] = 40, 7
    elif name == "guidance":
        drawn[:128], drawn[128:, :200] = 3, 8
    else:
        drawn[10:240, 30:251] = 1
    return drawn


def choose(panel, viewer, names):
    """Draw layers and choose them in the panel."""
    boxes = {
        "scribbles": panel.scribbles,
        "guidance": panel.guidance,
        "within": panel.input.region_of_interest,
    }
    for name in names:
        boxes[name].value = viewer.add_labels(draw(name), name=name)


def check_given(labels, names):
    """Check that strokes stay as they are drawn and that outside the part there is nothing."""
    inside = draw("within") > 0 if "within" in names else np.ones(SHAPE, bool)
    strokes = draw("scribbles") * inside
    assert labels.shape == SHAPE
    assert (labels[inside] > 0).all()
    assert not labels[~inside].any()
    if "scribbles" in names:
        np.testing.assert_array_equal(labels[strokes > 0], strokes[strokes > 0])


def describe(names):
    return "+".join(names) or "nothing"


@pytest.fixture(params=[(), *zip(EVERYTHING, strict=True), EVERYTHING], ids=describe)
def names(request):
    return request.param


@pytest.fixture
def panel(viewer, cells, names):
    viewer.add_image(cells, name="cells")
    panel = open_panel(viewer)
    panel.show_settings(USUAL)
    choose(panel, viewer, names)
    return panel


@pytest.fixture
def layer(panel, finish, qtbot):
    layer = finish(panel)
    wait_for_threads(qtbot)
    return layer


def check_snapshots(snapshots, names, cells):
    """Check that the first and the last iteration, and one that is finished, replay."""
    assert [each.iteration for each in snapshots] == list(range(1, USUAL.iterations + 1))
    for snapshot in (snapshots[0], snapshots[3].finish(), snapshots[-1]):
        labels = snapshot.read_labels()
        check_given(labels, names)
        np.testing.assert_array_equal(labels, replay(to_plane(cells), snapshot.recipe))


def test_a_run_replays_an_iteration_is_kept_and_refined_and_its_paint_carried_over(
    panel, layer, names, cells, finish, qtbot, tmp_path
):
    check_given(layer.data, names)
    np.testing.assert_array_equal(layer.data, replay_recipe(layer, cells))
    run = panel.kept.find(layer)
    check_snapshots(run.snapshots, names, cells)
    look(panel, 2)
    qtbot.waitUntil(lambda: not run.snapshots[2].is_sketch)
    wait_for_threads(qtbot)
    before = layer.data.copy()
    keep(panel, 2)
    check_given(layer.data, names)
    np.testing.assert_array_equal(layer.data, replay_recipe(layer, cells))
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)
    layer.redo()
    paint(layer, range(150, 210), range(190, 230), 900)
    panel._viewer.layers.selection.active = layer
    refine(panel, qtbot)
    assert (layer.data[150:210, 190:230] == 900).all()
    check_given(layer.data, names)
    _, labels = replay_saved(layer, cells, tmp_path / "cells.dynaseg.ome.tif")
    np.testing.assert_array_equal(layer.data, labels)
    again = finish(panel)
    wait_for_threads(qtbot)
    assert (again.data[150:210, 190:230] == 900).all()
    check_given(again.data, names)


@pytest.mark.parametrize(("strategy", "training_planes"), [("one", 2), ("follow", 1), ("each", 2)])
@pytest.mark.parametrize("names", [(), EVERYTHING], ids=describe)
def test_every_plane_of_a_stack_is_segmented_refined_and_replayed_by_what_was_given(
    viewer, stack, names, strategy, training_planes, finish, qtbot, tmp_path
):
    viewer.add_image(stack, name="cells", axis_labels=("z", "y", "x"), scale=(4, 1, 1))
    panel = open_panel(viewer)
    knobs = {"strategy": strategy, "training_planes": training_planes}
    panel.show_settings(USUAL.change(follow_iterations=3, refine_iterations=5, **knobs))
    choose(panel, viewer, names)
    panel.stack.planes.value = panel.stack.refine.value = "All planes"
    viewer.dims.set_current_step(0, 1)
    layer = finish(panel)
    wait_for_threads(qtbot)
    check_given(layer.data[1], names)
    for plane in layer.data:
        check_given(plane, set(names) - {"scribbles"})
    viewer.layers.selection.active = layer
    paint_bar(layer, 1, range(150, 210), range(190, 230), 900)
    refine(panel, qtbot)
    assert (layer.data[1, 150:210, 190:230] == 900).all()
    check_given(layer.data[1], names)
    layer.save(str(tmp_path / "labels.dynaseg.ome.zarr"))
    tifffile.imwrite(tmp_path / "cells.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    found = read_recipe(tmp_path / "labels.dynaseg.ome.zarr")
    run = begin_replay(plan_replay(found, str(tmp_path / "cells.tif"), tmp_path / "again.ome.zarr"))
    list(run.train())
    list(run.segment())
    np.testing.assert_array_equal(run.store.array[...], layer.data)


def test_strokes_stay_as_drawn_on_512_pixels_a_side_with_all_channels(viewer, finish, qtbot):
    picture = np.random.default_rng(0).integers(0, 4096, (512, 512), np.uint16)
    viewer.add_image(picture, name="noise")
    strokes = np.zeros((512, 512), np.int32)
    strokes[40:470, 50], strokes[41, 60:500] = 40, 7
    panel = open_panel(viewer)
    panel.show_settings(Settings(iterations=4))
    panel.scribbles.value = viewer.add_labels(strokes, name="strokes")
    layer = finish(panel)
    wait_for_threads(qtbot)
    np.testing.assert_array_equal(layer.data[strokes > 0], strokes[strokes > 0])
    assert (layer.data > 0).all()
