"""A run within a mask: what lies outside has no influence, gets 0, and the recipe replays it."""

import numpy as np
import pytest

from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.pixels import to_plane
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.method.run import iter_fit, segment
from napari_dynaseg.recipes.recipe import Recipe, Source
from napari_dynaseg.recipes.replay import replay
from napari_dynaseg.settings import Settings

QUICK = {"channels": 8, "iterations": 5, "minimum_labels": 1}
MASK = np.array(
    [
        [0, 0, 0, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 1, 1, 1, 0],
    ]
)


def take_mask():
    return RegionOfInterest.of(MASK, MASK.shape)


def test_the_mask_comes_back_after_it_was_stored():
    again = RegionOfInterest.model_validate_json(take_mask().model_dump_json())
    np.testing.assert_array_equal(again.mask, MASK > 0)
    assert again.box == (slice(1, 3), slice(1, 4))


def test_the_box_mirrors_what_is_inside():
    channels = np.arange(15, dtype=np.uint8).reshape(1, 3, 5)
    np.testing.assert_array_equal(take_mask().crop(channels)[0], [[6, 7, 6], [11, 12, 13]])
    wide = RegionOfInterest.of([[1, 1, 1, 0, 0, 1]], (1, 6))
    mirrored = wide.crop(np.arange(6).reshape(1, 1, 6))
    np.testing.assert_array_equal(mirrored, [[[0, 1, 2, 1, 5, 5]]])


def test_labels_are_put_in_their_place_with_0_or_others_around():
    within = take_mask()
    labels = np.array([[4, 4, 9], [5, 5, 5]], np.int32)
    np.testing.assert_array_equal(
        within.place(labels), [[0, 0, 0, 0, 0], [0, 4, 4, 0, 0], [0, 5, 5, 5, 0]]
    )
    around = np.full((3, 5), 7, np.int32)
    np.testing.assert_array_equal(
        within.place(labels, around), [[7, 7, 7, 7, 7], [7, 4, 4, 7, 7], [7, 5, 5, 5, 7]]
    )
    assert (around == 7).all()


def test_a_map_is_cut_to_the_mask():
    cut = take_mask().cut(np.full((3, 5), 8, np.int32))
    np.testing.assert_array_equal(cut, [[8, 8, 0], [8, 8, 8]])
    assert take_mask().cut(np.ones((3, 5), bool)).dtype == bool


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (np.ones((3, 4)), r"plane's shape \(3, 5\); got float64 of shape \(3, 4\)"),
        (np.full((3, 5), "a"), "plane's shape"),
        (np.zeros((3, 5)), "at least two pixels of the plane; got 0"),
        (np.eye(3, 5) > np.arange(3)[:, None], "got 1 above 0"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(mask, words):
    with pytest.raises(ImageError, match=words):
        RegionOfInterest.of(mask, (3, 5))


def test_a_plane_of_another_shape_is_refused():
    with pytest.raises(ImageError, match=r"shape \(3, 5\), and cannot be on one of shape \(5, 3\)"):
        take_mask().crop(np.zeros((1, 5, 3)))


def draw_picture():
    """Give a picture of two halves in a disk, and the disk."""
    picture = np.random.default_rng(0).integers(0, 30, (30, 40), np.uint8)
    picture[:, 20:] += 150
    rows, columns = np.indices(picture.shape)
    return picture, (rows - 15) ** 2 + (columns - 20) ** 2 < 100


@pytest.mark.parametrize("quality", ["exact", "fast"])
def test_what_lies_outside_has_no_influence_and_gets_0(quality):
    picture, disk = draw_picture()
    labels = segment(picture, within=disk, quality=quality, **QUICK)
    assert (labels[~disk] == 0).all()
    assert labels[disk].min() == 1
    sizes = np.bincount(labels[disk])[1:]
    assert (np.diff(sizes) <= 0).all()
    assert (sizes > 0).all()
    other = np.where(disk, picture, 255 - picture)
    np.testing.assert_array_equal(segment(other, within=disk, quality=quality, **QUICK), labels)


def test_a_mask_of_everything_changes_nothing():
    picture, _ = draw_picture()
    everything = np.ones(picture.shape)
    np.testing.assert_array_equal(
        segment(picture, within=everything, **QUICK), segment(picture, **QUICK)
    )


@pytest.mark.parametrize("numbering", ["size", "live"])
def test_a_recipe_replays_within_its_mask(numbering):
    picture, disk = draw_picture()
    plane, within = to_plane(picture), RegionOfInterest.of(disk, picture.shape)
    settings = Settings(**QUICK)
    steps = list(iter_fit(within.crop(plane), settings))
    recipe = Recipe.now(
        settings,
        steps[-1].iteration,
        Source.of(plane, "disk"),
        numbering=numbering,
        within=within,
    )
    again = Recipe.from_metadata(recipe.to_metadata())
    labels = replay(plane, again)
    assert (labels[~disk] == 0).all()
    assert (labels[disk] > 0).all()
    if numbering == "size":
        np.testing.assert_array_equal(labels, segment(picture, within=disk, **QUICK))
    with pytest.raises(ImageError, match="limited to a part of a plane"):
        replay(plane[:, :20], again)


def test_scribbles_count_within_the_mask_alone():
    image = np.zeros((24, 30, 3), np.uint8)
    image[:, 15:] = (200, 80, 40)
    mask, strokes = np.zeros((24, 30), bool), np.zeros((24, 30), int)
    mask[4:20, 5:25] = True
    strokes[6:9, 7], strokes[0, 0] = 7, 9
    knobs = {"channels": 12, "iterations": 8, "device": "cpu"}
    labels = segment(image, within=mask, scribbles=strokes, **knobs)
    assert (labels[6:9, 7] == 7).all()
    assert not labels[~mask].any()
    assert (labels[mask] > 0).all()
    with pytest.raises(ImageError, match="nothing is scribbled"):
        segment(image, within=mask, scribbles=np.where(mask, 0, strokes), **knobs)


def test_a_guidance_counts_within_the_mask_alone():
    picture, disk = draw_picture()
    inside = 1 + (np.indices(picture.shape)[0] > 15)
    knobs = {**QUICK, "guidance_weight": 1, "iterations": 20, "mu": 1, "clean": False}
    labels = segment(picture, within=disk, guidance=inside, **knobs)
    outside = np.where(disk, inside, 77)
    np.testing.assert_array_equal(segment(picture, within=disk, guidance=outside, **knobs), labels)
    assert not labels[~disk].any()
    assert (labels != segment(picture, within=disk, **knobs)).any()
    with pytest.raises(ImageError, match="there is no guidance"):
        segment(picture, within=disk, guidance=np.where(disk, 0, inside), **knobs)
