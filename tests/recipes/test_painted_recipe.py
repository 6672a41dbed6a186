"""What was painted is found when labels are saved, and replays."""

import numpy as np
import pytest

from napari_dynaseg.labels import run_length
from napari_dynaseg.recipes.painted_recipe import add_corrections, keep_map
from napari_dynaseg.recipes.recipe import Recipe, Source
from napari_dynaseg.settings import Settings

MADE = np.array([[1, 1, 2], [3, 2, 2]], np.int32)


def write_metadata(is_turned=False):
    source = Source.of(np.zeros((1, 2, 3), np.float32), "cells", position=(4, None, None))
    recipe = Recipe.now(Settings(device="cpu"), 1, source, numbering="live")
    return {"mine": 1, **recipe.to_metadata(), **keep_map(MADE, is_turned)}


@pytest.mark.parametrize("is_turned", [False, True])
def test_painted_pixels_become_corrections_of_the_recipe(is_turned):
    painted = MADE.copy()
    painted[1, 0], painted[0, 2] = 0, 9
    pixels = (painted.T if is_turned else painted)[None]
    metadata = add_corrections(write_metadata(is_turned), pixels)
    recipe = Recipe.from_metadata(metadata)
    again = run_length.apply(MADE, recipe.corrections, (4, None, None))
    np.testing.assert_array_equal(again, painted)
    assert (metadata["mine"], recipe.corrections[0].pixels) == (1, 2)


def test_labels_that_were_not_painted_on_have_no_corrections():
    assert Recipe.from_metadata(add_corrections(write_metadata(), MADE)).corrections == ()


def test_metadata_without_a_map_stay_as_they_are():
    assert add_corrections({"mine": 1}, MADE) == {"mine": 1}


def test_labels_of_another_size_are_none_that_the_recipe_makes_and_lose_it():
    metadata = {"mine": 1, **write_metadata()}
    assert add_corrections(metadata, np.ones((7, 9), np.int32)) == {"mine": 1}
