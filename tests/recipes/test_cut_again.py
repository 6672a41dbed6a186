"""Labels cut anew: paint stays, numbers stay, and the recipe still makes the same."""

import json

import numpy as np
import pytest

from napari_dynaseg.errors import FileError, SettingsError
from napari_dynaseg.generators import run_through
from napari_dynaseg.labels.run_length import describe
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.method.run import run
from napari_dynaseg.recipes.cut_again import cut_again
from napari_dynaseg.recipes.kept_tree import keep_tree
from napari_dynaseg.recipes.painted_recipe import add_corrections, keep_map
from napari_dynaseg.recipes.recipe import Recipe
from napari_dynaseg.recipes.refinements import RefinementRecord
from napari_dynaseg.recipes.replay import replay
from napari_dynaseg.recipes.training_planes import TrainingPlanes
from napari_dynaseg.settings import Settings

SIDE = 64


def draw_channels(side=SIDE):
    random = np.random.default_rng(5)
    patches = np.kron(random.random((2, side // 8, side // 8)), np.ones((1, 8, 8)))
    return (6_000 * patches + random.normal(500, 60, (2, side, side))).astype(np.uint16)


def segment(settings, side=SIDE, **given):
    """Give the labels of a run, their metadata, the result, and the plane."""
    training = TrainingPlanes.scale([draw_channels(side)], "cells")
    result = run_through(run(training.prepare(settings, **given)))
    metadata = {**training.describe_result(result).to_metadata(), **keep_tree(result.label_tree)}
    return result.labels, json.loads(json.dumps(metadata)), result, training.planes[0]


QUICK = Settings(channels=12, iterations=6, device="cpu")


@pytest.mark.parametrize("numbering", ["size", "live"])
@pytest.mark.parametrize("outcome", ["clusters", "regions"])
def test_labels_are_cut_as_their_result_is_and_their_recipe_makes_them(numbering, outcome):
    knobs = QUICK.change(result=outcome)
    labels, metadata, result, plane = segment(knobs, numbering=numbering)
    for detail in (20, 80):
        cut, written = cut_again(labels, metadata, detail)
        np.testing.assert_array_equal(cut, result.cut(detail))
        recipe = Recipe.from_metadata(json.loads(json.dumps(written)))
        np.testing.assert_array_equal(replay(plane, recipe), cut)
        assert (recipe.detail, recipe.corrections) == (detail, ())
        back, _ = cut_again(cut, written, knobs.detail)
        np.testing.assert_array_equal(back, labels)


def test_the_labels_of_a_default_run_at_user_size_are_cut_and_made_again():
    labels, metadata, result, plane = segment(Settings(device="cpu"), side=256)
    painted = labels.copy()
    painted[40:60, 30:80] = 77
    cut, written = cut_again(painted, metadata, 85)
    expected = result.cut(85)
    expected[40:60, 30:80] = 77
    np.testing.assert_array_equal(cut, expected)
    np.testing.assert_array_equal(replay(plane, Recipe.from_metadata(written)), cut)


@pytest.mark.parametrize(("before", "after"), [("clusters", "regions"), ("regions", "clusters")])
def test_clusters_become_regions_and_regions_clusters(before, after):
    for quality in ("fast", "exact"):
        knobs = QUICK.change(result=before, quality=quality, clean=before == "clusters")
        labels, metadata, _, plane = segment(knobs)
        cut, written = cut_again(labels, metadata, 60, after)
        recipe = Recipe.from_metadata(written)
        assert recipe.read_settings().result == after
        np.testing.assert_array_equal(replay(plane, recipe), cut)


def test_what_was_painted_stays_also_where_a_cut_on_the_way_agrees_with_it():
    labels, metadata, result, plane = segment(QUICK.change(result="regions"))
    painted = labels.copy()
    fine = result.cut(90)
    place = np.argwhere(fine != labels)[0]
    where = tuple(slice(at, at + 3) for at in place)
    painted[where] = fine[where]
    on_the_way, written = cut_again(painted, metadata, 90)
    np.testing.assert_array_equal(on_the_way, fine)
    back, written = cut_again(on_the_way, written, QUICK.change(result="regions").detail)
    np.testing.assert_array_equal(back, painted)
    np.testing.assert_array_equal(replay(plane, Recipe.from_metadata(written)), painted)


def test_pixels_painted_with_0_stay_0():
    labels, metadata, result, _ = segment(QUICK)
    labels = labels.copy()
    labels[:5] = 0
    cut, _ = cut_again(labels, metadata, 90)
    assert (cut[:5] == 0).all()
    np.testing.assert_array_equal(cut[5:], result.cut(90)[5:])


@pytest.mark.parametrize("outcome", ["clusters", "regions"])
@pytest.mark.parametrize("is_part", [False, True])
def test_strokes_and_the_part_of_a_run_hold_in_every_cut(outcome, is_part):
    strokes = np.zeros((SIDE, SIDE), np.int32)
    strokes[10:14, 10:30], strokes[30:33, 5:9] = 40, 7
    mask = np.zeros((SIDE, SIDE), bool)
    mask[5:50, 7:60] = True
    within = RegionOfInterest.of(mask, mask.shape) if is_part else None
    knobs = QUICK.change(result=outcome)
    labels, metadata, result, plane = segment(knobs, scribbled=strokes, within=within)
    cut, written = cut_again(labels, metadata, 85)
    np.testing.assert_array_equal(cut, result.cut(85))
    recipe = Recipe.from_metadata(written)
    assert recipe.corrections == ()
    np.testing.assert_array_equal(replay(plane, recipe), cut)


@pytest.mark.parametrize("is_turned", [False, True])
def test_a_layer_of_the_viewer_keeps_its_shape_and_can_be_painted_on(is_turned):
    labels, metadata, result, plane = segment(QUICK, numbering="live")
    metadata = {**metadata, **keep_map(labels, is_turned), "mine": 1}

    def lay(of_plane):
        return (of_plane.T if is_turned else of_plane)[None]

    cut, written = cut_again(lay(labels), metadata, 85)
    np.testing.assert_array_equal(cut, lay(result.cut(85)))
    painted = cut.copy()
    painted[0, 3:6, 9:30] = 55
    saved = add_corrections(written, painted)
    assert saved["mine"] == 1
    again = replay(plane, Recipe.from_metadata(saved))
    np.testing.assert_array_equal(lay(again), painted)


def test_what_was_refined_stays_and_is_made_again():
    labels, metadata, _, plane = segment(QUICK)
    refined = labels.copy()
    refined[20:40, 20:40] = 3
    recipe = Recipe.from_metadata(metadata)
    painted = describe(labels, refined)
    record = RefinementRecord.of((), "this", painted, QUICK)
    metadata |= recipe.model_copy(update={"refinements": (record,)}).to_metadata()
    cut, written = cut_again(refined, metadata, 85)
    np.testing.assert_array_equal(cut[20:40, 20:40], refined[20:40, 20:40])
    np.testing.assert_array_equal(replay(plane, Recipe.from_metadata(written)), cut)


def test_a_detail_out_of_range_is_refused():
    labels, metadata, _, _ = segment(QUICK)
    with pytest.raises(SettingsError, match="detail must be a number from 0 to 100; got '101'"):
        cut_again(labels, metadata, "101")
    with pytest.raises(SettingsError, match="result must be one of 'clusters', 'regions'"):
        cut_again(labels, metadata, 50, "objects")


def test_labels_without_a_tree_say_why_and_what_to_do():
    published, plain, _, _ = segment(QUICK.change(clean=False))
    with pytest.raises(FileError, match=r"as published have no tree to cut; .* clean=true"):
        cut_again(published, plain, 50)
    labels, metadata, _, _ = segment(QUICK)
    bare = Recipe.from_metadata(metadata)
    with pytest.raises(FileError, match="no tree is kept beside these labels; replay them"):
        cut_again(labels, bare.to_metadata(), 50)
    stack = bare.model_copy(update={"planes": ((0, None, None), (4, None, None))})
    with pytest.raises(FileError, match="labels of a stack keep no trees"):
        cut_again(np.stack([labels] * 5), stack.to_metadata(), 50)
    with pytest.raises(FileError, match="no run of ours made them"):
        cut_again(labels, {"mine": 1}, 50)


def test_a_tree_of_another_plane_is_refused():
    labels, metadata, _, _ = segment(QUICK)
    with pytest.raises(FileError, match="it is of 4096 pixels, and there are 4032 labels"):
        cut_again(labels[1:], metadata, 50)
