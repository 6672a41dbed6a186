"""The recipe of labels is found in whichever file they lie."""

import json

import numpy as np
import pytest

from napari_dynaseg import Recipe, Settings
from napari_dynaseg.errors import FileError
from napari_dynaseg.files.formats import write_label_layer
from napari_dynaseg.files.label_state import LayerState
from napari_dynaseg.files.plain_labels import write_labels
from napari_dynaseg.files.recipe_files import read_recipe
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.recipes.recipe import Source
from napari_dynaseg.stacks.plan import StackRun, plan_stack

LABELS = np.array([[1, 1, 2], [1, 3, 2]], np.int32)
SMALL = Settings(channels=4, iterations=2, minimum_labels=1, device="cpu")


@pytest.fixture
def recipe():
    source = Source.of(np.zeros((1, 2, 3), np.float32), "cells")
    return Recipe.now(SMALL, 2, source, numbering="size")


@pytest.fixture
def stack():
    pixels = np.random.default_rng(0).integers(0, 255, (3, 6, 5)).astype(np.uint8)
    return StackImage((pixels,), parse_axes("TYX", pixels.shape), "drawn")


@pytest.mark.parametrize("name", ["cells.tif", "cells.dynaseg.ome.tif", "cells.dynaseg.ome.zarr"])
def test_a_recipe_is_found_beside_its_labels(tmp_path, recipe, name):
    path = tmp_path / name
    if ".dynaseg" in name:
        write_label_layer(path, LABELS, LayerState(name="cells", metadata=recipe.to_metadata()))
    else:
        write_labels(path, LABELS, recipe)
    found = read_recipe(path)
    assert (found.recipe, found.network) == (recipe, None)


@pytest.mark.parametrize("is_wrapped", [False, True])
def test_a_recipe_is_read_from_json(tmp_path, recipe, is_wrapped):
    metadata = recipe.to_metadata()
    (alone,) = metadata.values()
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(metadata if is_wrapped else alone))
    assert read_recipe(path).recipe == recipe


def test_a_run_that_trained_has_a_recipe_and_one_that_was_given_a_network_has_it(tmp_path, stack):
    first = StackRun.begin(plan_stack(stack, tmp_path / "first.ome.zarr", SMALL))
    list(first.train())
    network = first.read_network()
    plan = plan_stack(stack, tmp_path / "second.ome.zarr", network.settings, network=network)
    StackRun.begin(plan)
    trained = read_recipe(tmp_path / "first.ome.zarr")
    assert trained.network is None
    assert trained.recipe.planes == ((0, None, None), (2, None, None))
    given = read_recipe(tmp_path / "second.ome.zarr").network
    np.testing.assert_array_equal(given.weights, network.weights)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("cells.png", b"", "holds no recipe; expected one of .json, .zarr, .tif, .tiff"),
        ("gone.tif", None, "does not exist"),
        ("cells.json", b"{", "cannot be read: Expecting"),
        ("cells.json", b"[1]", "the recipe cannot be read"),
        ("cells.tif", b"no TIFF", "cannot be read"),
    ],
)
def test_a_file_without_a_recipe_is_named(tmp_path, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FileError, match=f"{path}.*{words}"):
        read_recipe(path)


def test_a_run_before_its_network_is_trained_has_no_recipe(tmp_path, stack):
    StackRun.begin(plan_stack(stack, tmp_path / "first.ome.zarr", SMALL))
    with pytest.raises(FileError, match=r"first.ome.zarr: no recipe here"):
        read_recipe(tmp_path / "first.ome.zarr")
