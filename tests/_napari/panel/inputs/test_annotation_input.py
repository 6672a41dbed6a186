"""Scribbles of a layer count on the plane that is segmented, wherever the layer lies."""

import json

import numpy as np
import pytest
from tests._napari.conftest import QUICK, TIMEOUT, open_panel
from tests._napari.panel.test_widget import wait_for_threads
from tests._napari.work.test_refinement import paint, refine

from napari_dynaseg import Recipe, replay, to_plane
from napari_dynaseg._napari.layers.job import snapshot
from napari_dynaseg._napari.panel.inputs.annotation_input import NONE, freeze_annotation
from napari_dynaseg.errors import ImageError
from napari_dynaseg.files.label_store import LabelStore
from napari_dynaseg.files.recipe_files import read_recipe

LONGER = QUICK.change(iterations=40, scribble_weight=2)
STROKES = ((slice(4, 20), slice(3, 5), 40), (slice(4, 20), slice(26, 28), 7))


def draw(shape=(24, 32), plane=()):
    drawn = np.zeros(shape, np.int32)
    for rows, columns, label in STROKES:
        drawn[(*plane, rows, columns)] = label
    return drawn


def freeze(viewer, scribbles, image=0):
    job = snapshot(viewer.layers[image], viewer.dims)
    return freeze_annotation(scribbles, job, viewer.dims)


@pytest.fixture
def scribbled(viewer, panel):
    """Give the panel with scribbles chosen."""
    layer = viewer.add_labels(draw(), name="scribbles")
    panel.scribbles.value = layer
    return panel


def test_the_labels_have_scribbles_as_they_are_and_what_is_like_them_follows(scribbled, finish):
    scribbled.show_settings(LONGER)
    layer = finish(scribbled)
    drawn = draw()
    np.testing.assert_array_equal(layer.data[drawn > 0], drawn[drawn > 0])
    assert (layer.data[:, :14] == 40).mean() > 0.8
    assert (layer.data[:, 18:] == 7).mean() > 0.8
    assert layer is not scribbled.scribbles.value


def test_the_recipe_gives_the_same_labels_again(scribbled, finish, halves, qtbot, tmp_path):
    layer = finish(scribbled)
    wait_for_threads(qtbot)
    recipe = Recipe.from_metadata(json.loads(json.dumps(layer.metadata)))
    assert recipe.scribbles[0].pixels == 64
    np.testing.assert_array_equal(replay(to_plane(halves), recipe), layer.data)
    paint(layer, range(2, 4), range(10, 20), 3)
    refine(scribbled, qtbot)
    paint(layer, range(20, 22), range(30), 60)
    layer.save(str(tmp_path / "cells.dynaseg.ome.tif"))
    recipe = read_recipe(tmp_path / "cells.dynaseg.ome.tif").recipe
    assert recipe.refinements[0].painted[0].pixels == 64 + 20
    np.testing.assert_array_equal(replay(to_plane(halves), recipe), layer.data)


def test_at_least_as_many_labels_as_are_scribbled_are_left(scribbled, finish):
    scribbled.show_settings(QUICK.change(scheme="fixed", mu=200.0, iterations=60))
    layer = finish(scribbled)
    assert {7, 40} <= set(np.unique(layer.data).tolist())


def test_the_job_keeps_scribbles_as_they_were_when_the_run_began(scribbled, finish, qtbot):
    drawn = draw()
    with qtbot.waitSignal(scribbled.run_ended, timeout=TIMEOUT):
        scribbled.segment_button.native.click()
        run = scribbled.run
        scribbled.scribbles.value.data = np.full((24, 32), 9)
    np.testing.assert_array_equal(run.layer.data[drawn > 0], drawn[drawn > 0])


def test_without_a_stroke_there_is_nothing_to_run(scribbled, capsys):
    scribbled.scribbles.value.data = np.zeros((24, 32), int)
    scribbled.start()
    assert scribbled.run is None
    assert "nothing is scribbled on this plane in 'scribbles'" in capsys.readouterr().out


def test_the_box_offers_labels_and_holds_the_chosen_through_renaming(viewer, scribbled):
    box = scribbled.scribbles
    viewer.add_shapes(name="area")
    chosen = box.value
    chosen.name = "strokes"
    other = viewer.add_labels(np.zeros((24, 32), int), name="scribbles")
    assert box.value is chosen
    names = [box.native.itemText(at) for at in range(box.native.count())]
    assert set(names) == {NONE, "strokes", "scribbles"}
    viewer.layers.remove(chosen)
    assert box.value is None
    viewer.layers.remove(other)


def test_scribbles_in_an_earlier_run_are_not_carried_over_as_paint(scribbled, finish, qtbot):
    first = finish(scribbled)
    wait_for_threads(qtbot)
    paint(first, range(2), range(2), 80)
    scribbled.scribbles.value = None
    second = finish(scribbled)
    wait_for_threads(qtbot)
    assert (second.data == 80).sum() == 4
    assert not {7, 40} & set(np.unique(second.data).tolist())


def test_paint_that_is_carried_over_leaves_the_scribbles_of_a_run(scribbled, finish, qtbot):
    drawn, layer = draw(), scribbled.scribbles.value
    scribbled.scribbles.value = None
    first = finish(scribbled)
    wait_for_threads(qtbot)
    paint(first, range(10, 12), range(32), 80)
    scribbled.scribbles.value = layer
    second = finish(scribbled)
    wait_for_threads(qtbot)
    np.testing.assert_array_equal(second.data[drawn > 0], drawn[drawn > 0])
    assert (second.data == 80).sum() == 64 - 8


def test_pixels_are_found_by_where_the_layers_lie(viewer, halves):
    viewer.add_image(halves, scale=(2, 2), translate=(10, 20))
    drawn = np.zeros((30, 40), np.uint8)
    drawn[5, 6] = 9
    scribbles = viewer.add_labels(drawn, scale=(4, 4), translate=(11, 21))
    found = np.argwhere(freeze(viewer, scribbles))
    # The pixel covers 29 to 33 and 43 to 47 in the world.
    np.testing.assert_array_equal(found, [(10, 12), (10, 13), (11, 12), (11, 13)])


def test_scribbles_of_a_plane_count_on_the_plane_on_view(viewer, halves):
    viewer.add_image(np.stack([halves] * 3), axis_labels=("z", "y", "x"), scale=(3, 1, 1))
    viewer.dims.set_current_step(0, 2)
    scribbles = viewer.add_labels(draw())
    np.testing.assert_array_equal(freeze(viewer, scribbles), draw())


def test_of_scribbles_in_a_stack_those_on_the_plane_on_view_count(viewer, halves):
    viewer.add_image(np.stack([halves] * 3), axis_labels=("z", "y", "x"), scale=(3, 1, 1))
    scribbles = viewer.add_labels(draw((3, 24, 32), (1,)), scale=(3, 1, 1))
    viewer.dims.set_current_step(0, 1)
    np.testing.assert_array_equal(freeze(viewer, scribbles), draw())
    viewer.dims.set_current_step(0, 2)
    with pytest.raises(ImageError, match="nothing is scribbled on this plane"):
        freeze(viewer, scribbles)


def test_scribbles_count_whichever_channel_was_on_view(viewer, halves):
    viewer.add_image(np.stack([halves] * 3), axis_labels=("c", "y", "x"))
    scribbles = viewer.add_labels(draw((3, 24, 32), (2,)))
    viewer.dims.set_current_step(0, 0)
    np.testing.assert_array_equal(freeze(viewer, scribbles), draw())


def test_of_planes_cut_across_the_scribbles_lie_right(viewer, halves):
    stack = np.stack([halves] * 20)
    viewer.add_image(stack, axis_labels=("z", "y", "x"))
    drawn = np.zeros(stack.shape, int)
    drawn[4, 9, 10:14] = 5
    scribbles = viewer.add_labels(drawn)
    viewer.dims.order = (1, 2, 0)  # columns are z
    viewer.dims.set_current_step(1, 9)
    job = snapshot(viewer.layers[0], viewer.dims)
    found = freeze(viewer, scribbles)
    assert found.shape == job.axes.plane_shape
    wrapped = job.axes.wrap(found)
    np.testing.assert_array_equal(np.argwhere(wrapped), [(4, 0, at) for at in range(10, 14)])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.full((24, 32), -2), "has -2 to"),
        (np.full((24, 32), 1 << 40), "has 1099511627776 to 1099511627776"),
        ([np.ones((24, 32), int), np.ones((12, 16), int)], "has several resolutions"),
    ],
)
def test_what_is_no_scribble_is_refused(viewer, halves, data, words):
    viewer.add_image(halves)
    with pytest.raises(ImageError, match=words):
        freeze(viewer, viewer.add_labels(data))


def test_a_stack_is_segmented_by_scribbles_on_the_plane_on_view(viewer, halves, finish, qtbot):
    viewer.add_image(np.stack([halves] * 3), axis_labels=("z", "y", "x"))
    scribbles = viewer.add_labels(draw())
    panel = open_panel(viewer)
    panel.show_settings(LONGER)
    panel.scribbles.value = scribbles
    panel.stack.planes.value = "All planes"
    viewer.dims.set_current_step(0, 2)
    layer = finish(panel)
    wait_for_threads(qtbot)
    drawn = draw()
    np.testing.assert_array_equal(layer.data[2][drawn > 0], drawn[drawn > 0])
    for plane in range(3):
        assert (layer.data[plane, :, :14] == 40).mean() > 0.8
    painted = panel.kept.find(layer).find_painted(layer, (2, None, None))
    np.testing.assert_array_equal(painted, drawn > 0)


def test_a_plane_beside_the_range_takes_the_scribbles_of_the_one_inside(
    viewer, halves, finish, qtbot, tmp_path
):
    viewer.add_image(np.stack([halves] * 3), axis_labels=("z", "y", "x"))
    panel = open_panel(viewer)
    panel.scribbles.value = viewer.add_labels(draw((3, 24, 32), (1,)))
    panel.stack.planes.value = "A range"
    panel.stack.ranges[0].value = (1, 2)
    panel.stack.folder.value = tmp_path / "kept.dynaseg.ome.zarr"
    viewer.dims.set_current_step(0, 0)
    layer = finish(panel)
    wait_for_threads(qtbot)
    drawn = draw()
    np.testing.assert_array_equal(np.asarray(layer.data[1])[drawn > 0], drawn[drawn > 0])
    assert LabelStore.open(tmp_path / "kept.dynaseg.ome.zarr").recipe["scribbles"]
