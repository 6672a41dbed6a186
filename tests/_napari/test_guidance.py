"""A Labels layer guides a run in the viewer; the recipe and what is copied give the same labels."""

import json
import shlex

import imageio.v3 as imageio
import numpy as np
import pytest
from tests._napari.conftest import QUICK, open_panel
from tests._napari.panel.test_copy_row import copy, run_python
from tests._napari.panel.test_widget import last_notification, wait_for_threads

from napari_dynaseg import Recipe, replay, segment, to_plane
from napari_dynaseg.cli.app import main
from napari_dynaseg.files.formats import read_label_layer
from napari_dynaseg.files.label_store import LabelStore


def number_by_place(labels):
    """Number labels by where each begins, so that maps of the same regions are equal."""
    _, first, found = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[found].reshape(labels.shape)


STRONG = QUICK.change(guidance_weight=1, mu=1, iterations=20)


def halve():
    """Give the upper and the lower half, which the picture of a left and a right one has not."""
    halves = np.full((24, 32), 3, np.uint8)
    halves[12:] = 8
    return halves


@pytest.fixture
def guided(viewer, panel):
    """Give the panel with a guidance chosen."""
    panel.guidance.value = viewer.add_labels(halve(), name="threshold")
    panel.show_settings(STRONG)
    return panel


def test_a_layer_guides_the_run_and_its_recipe_replays(guided, finish, halves, qtbot):
    layer = finish(guided)
    wait_for_threads(qtbot)
    recipe = Recipe.from_metadata(json.loads(json.dumps(layer.metadata)))
    assert recipe.guidance[0].pixels == 24 * 32
    np.testing.assert_array_equal(replay(to_plane(halves), recipe), layer.data)
    knobs = {name: getattr(STRONG, name) for name in STRONG.model_fields_set}
    expected = segment(halves, guidance=halve(), **knobs)
    np.testing.assert_array_equal(number_by_place(layer.data), number_by_place(expected))
    assert (expected != segment(halves, **knobs)).any()


def test_without_a_label_on_the_plane_there_is_nothing_to_run(guided):
    guided.guidance.value.data = np.zeros((24, 32), int)
    guided.start()
    assert guided.run is None
    assert "there is no guidance on this plane in 'threshold'" in last_notification()


def test_the_layer_of_a_guidance_stays_as_it_was(guided, finish):
    layer = finish(guided)
    assert layer is not guided.guidance.value
    np.testing.assert_array_equal(guided.guidance.value.data, halve())


def test_a_stack_is_guided_on_the_plane_on_view(viewer, halves, finish, qtbot, tmp_path):
    viewer.add_image(np.stack([halves] * 3), axis_labels=("z", "y", "x"))
    panel = open_panel(viewer)
    panel.show_settings(STRONG)
    drawn = np.zeros((3, 24, 32), int)
    drawn[1] = halve()
    panel.guidance.value = viewer.add_labels(drawn)
    panel.stack.planes.value = "All planes"
    panel.stack.folder.value = tmp_path / "kept.dynaseg.ome.zarr"
    viewer.dims.set_current_step(0, 1)
    finish(panel)
    wait_for_threads(qtbot)
    store = LabelStore.open(tmp_path / "kept.dynaseg.ome.zarr")
    assert store.recipe["guidance"]
    knobs = {name: getattr(STRONG, name) for name in STRONG.model_fields_set}
    for plane in range(3):
        made = number_by_place(store.read_plane((plane, None, None)))
        expected = number_by_place(segment(halves, guidance=halve(), **knobs))
        np.testing.assert_array_equal(made, expected)


def test_a_guidance_is_copied_as_python_and_as_a_command(
    viewer, halves, finish, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    imageio.imwrite("halves.png", halves)
    imageio.imwrite("threshold.png", halve())
    viewer.open("halves.png")
    panel = open_panel(viewer)
    panel.show_settings(STRONG)
    (panel.guidance.value,) = viewer.open("threshold.png", layer_type="labels")
    expected = number_by_place(finish(panel).data)
    made = run_python(copy(panel.copy_row.python_button))
    np.testing.assert_array_equal(number_by_place(made), expected)
    _, *arguments = shlex.split(copy(panel.copy_row.command_button))
    assert "--guidance" in arguments
    with pytest.raises(SystemExit):
        main(arguments)
    made, _ = read_label_layer(tmp_path / "halves_labels.dynaseg.ome.tif")
    np.testing.assert_array_equal(number_by_place(made), expected)
