"""Recipes: written, read and replayed."""

import hashlib
import json
import platform
from datetime import datetime
from importlib.metadata import version

import numpy as np
import pytest
from pydantic import ValidationError

from napari_dynaseg import Recipe, Settings, iter_fit, replay, segment, to_plane
from napari_dynaseg.engine.backend import torch
from napari_dynaseg.errors import FileError, ImageError, ImageWarning, SettingsError
from napari_dynaseg.labels.numbering import RegionNumbers, number_by_size
from napari_dynaseg.labels.run_length import describe, encode
from napari_dynaseg.recipes.recipe import METADATA_KEY, OLD_KNOBS, SettingsChange, Source
from napari_dynaseg.recipes.refinements import Paint, RefinementRecord

SMALL = Settings(clean=False, channels=8, iterations=6, minimum_labels=1, device="cpu")


@pytest.fixture
def plane():
    return np.random.default_rng(0).random((1, 12, 10), dtype=np.float32)


@pytest.fixture
def recipe(plane):
    source = Source.of(plane, "cells", position=(3, None, None))
    return Recipe.now(SMALL, 6, source, numbering="size")


def test_a_recipe_comes_back_from_json_as_it_was(recipe):
    turned = recipe.model_copy(
        update={"changes": (SettingsChange(iteration=3, settings=SMALL.change(mu=7).model_dump()),)}
    )
    text = json.dumps(turned.to_metadata())
    assert Recipe.from_metadata(json.loads(text)) == turned


def test_a_recipe_written_before_there_was_a_padding_has_the_published_one(plane, recipe):
    turned = {"changes": (SettingsChange(iteration=3, settings=SMALL.change(mu=7).model_dump()),)}
    written = recipe.model_copy(update=turned).to_metadata()
    assert written[METADATA_KEY]["settings"].pop("padding") == "replicate"
    del written[METADATA_KEY]["changes"][0]["settings"]["padding"]
    old = Recipe.from_metadata(written)
    assert old.read_settings() == SMALL.change(padding="zeros")
    zeros = {**turned, "settings": SMALL.change(padding="zeros").model_dump()}
    zeros["changes"][0].settings["padding"] = "zeros"
    expected = replay(1 * plane, recipe.model_copy(update=zeros))
    np.testing.assert_array_equal(replay(plane, old), expected)


def test_a_recipe_of_before_makes_the_published_labels_as_ever():
    image = np.random.default_rng(0).integers(0, 256, (256, 256), np.uint8)
    plane, knobs = to_plane(image), Settings(iterations=3, device="cpu")
    source = Source.of(plane, "cells")
    written = Recipe.now(knobs, 3, source, numbering="size").to_metadata()
    del written[METADATA_KEY]["numbered_at"]
    for knob in OLD_KNOBS:
        del written[METADATA_KEY]["settings"][knob]
    old = Recipe.from_metadata(json.loads(json.dumps(written)))
    published = segment(image, iterations=3, device="cpu", clean=False, padding="zeros")
    np.testing.assert_array_equal(replay(plane, old), published)
    assert (published != segment(image, iterations=3, device="cpu")).any()


def test_a_recipe_of_the_scheme_auto_says_what_took_its_place(plane, recipe):
    old = recipe.model_copy(update={"settings": {**recipe.settings, "scheme": "auto"}})
    with pytest.raises(SettingsError, match="scheme auto is no more: its regions are result='reg"):
        replay(plane, Recipe.from_metadata(old.to_metadata()))


@pytest.mark.parametrize("outcome", ["clusters", "regions"])
def test_a_recipe_of_another_image_gives_labels_of_this_one_with_its_result_and_detail(outcome):
    random = np.random.default_rng(0)
    image, other = (
        np.kron(random.random((16, 16)), np.ones((16, 16))) + 0.1 * random.random((256, 256))
        for _ in range(2)
    )
    knobs = {"result": outcome, "detail": 75, "iterations": 5, "device": "cpu"}
    source = Source.of(to_plane(image), "cells")
    recipe = Recipe.now(Settings(**knobs), 5, source, numbering="size")
    expected = segment(other, **knobs)
    np.testing.assert_array_equal(replay(to_plane(other), recipe), expected)
    assert (expected != segment(other, **{**knobs, "detail": 40})).any()


def test_a_recipe_lies_under_its_own_key_beside_other_metadata(recipe):
    assert Recipe.from_metadata({"scale": 2, **recipe.to_metadata()}) == recipe


def test_a_recipe_holds_every_knob_and_what_it_was_computed_on(recipe):
    assert recipe.settings == SMALL.model_dump()
    assert (recipe.device, recipe.threads) == ("cpu", torch.get_num_threads())
    assert recipe.versions == {
        "napari-dynaseg": version("napari-dynaseg"),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    assert datetime.fromisoformat(recipe.created).utcoffset().total_seconds() == 0


def test_a_recipe_tells_the_device_that_auto_stood_for(plane):
    recipe = Recipe.now(Settings(), 1, Source.of(plane, "cells"), numbering="size")
    assert recipe.settings["device"] == "auto"
    assert recipe.device in {"cpu", "cuda", "mps"}


def test_a_recipe_is_frozen(recipe):
    with pytest.raises(ValidationError, match="frozen"):
        recipe.last_iteration = 7


def test_the_source_is_known_by_the_hash_of_its_plane(plane):
    expected = hashlib.sha256(plane.tobytes()).hexdigest()
    assert Source.of(plane, "cells").sha256 == expected
    assert Source.of(np.asfortranarray(plane), "cells").sha256 == expected
    assert Source.of(1 - plane, "cells").sha256 != expected


def test_metadata_without_a_recipe_is_told_so():
    with pytest.raises(FileError, match=f"no recipe here: expected an entry '{METADATA_KEY}'"):
        Recipe.from_metadata({"scale": 2})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 2}, "format: Input should be 1"),
        ({"last_iteration": 0}, "last_iteration: .* greater than or equal to 1"),
        ({"numbering": "random"}, "numbering: Input should be 'size' or 'live'"),
        ({"source": {"name": "cells"}}, "source.sha256: Field required"),
        ({"mood": "good"}, "mood: Extra inputs are not permitted"),
        ({"changes": [{"iteration": 2}]}, "changes.0.settings: Field required"),
    ],
)
def test_a_recipe_that_is_not_understood_names_the_entry_at_fault(recipe, change, words):
    entry = {**recipe.model_dump(mode="json"), **change}
    with pytest.raises(FileError, match=f"^the recipe cannot be read: {words}"):
        Recipe.from_metadata({METADATA_KEY: entry})


@pytest.mark.parametrize("entry", [None, "text", [1]])
def test_what_is_no_recipe_at_all_is_refused(entry):
    with pytest.raises(FileError, match=r"the recipe cannot be read: .*valid dictionary"):
        Recipe.from_metadata({METADATA_KEY: entry})


def test_replay_gives_what_segment_gave():
    image = np.random.default_rng(0).integers(0, 256, (12, 10), np.uint8)
    labels = segment(image, channels=8, iterations=6, minimum_labels=1, device="cpu", clean=False)
    plane = to_plane(image)
    recipe = Recipe.now(SMALL, 6, Source.of(plane, "cells"), numbering="size")
    np.testing.assert_array_equal(replay(plane, recipe), labels)


def test_replay_stops_at_the_last_iteration_however_long_the_run_was_to_be(plane, recipe):
    short = recipe.model_copy(update={"last_iteration": 2})
    expected = segment(plane[0], **{**SMALL.model_dump(), "iterations": 2})
    scaled = to_plane(plane[0])
    np.testing.assert_array_equal(replay(scaled, short), expected)


def test_replay_gives_the_live_numbers_of_a_run_whose_mu_was_turned(plane, recipe):
    turned = SMALL.change(mu=2)
    run = iter_fit(plane, SMALL)
    steps = [next(run) for _ in range(3)]
    steps += [run.send(turned), next(run), next(run)]
    numbers = RegionNumbers()
    for step in steps:
        numbers.follow(step.trained_labels)
    labels = numbers.apply(steps[-1].labels)
    live = recipe.model_copy(
        update={
            "numbering": "live",
            "changes": (SettingsChange(iteration=4, settings=turned.model_dump()),),
        }
    )
    np.testing.assert_array_equal(replay(plane, live), labels)
    assert steps[3].weight == 2 / steps[3].labels_in_use


def test_a_change_matters_to_what_replay_gives(plane, recipe):
    published = SMALL.change(clean=False)
    recipe = recipe.model_copy(update={"settings": published.model_dump()})
    turned = published.change(scheme="fixed", mu=100).model_dump()
    changed = recipe.model_copy(update={"changes": (SettingsChange(iteration=2, settings=turned),)})
    assert (replay(plane, changed) != replay(plane, recipe)).any()


def test_replay_on_another_number_of_threads_gives_the_same(plane, recipe):
    expected = replay(plane, recipe)
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    try:
        np.testing.assert_array_equal(replay(plane, recipe), expected)
    finally:
        torch.set_num_threads(threads)


def test_replay_refuses_settings_out_of_range(plane, recipe):
    bad = recipe.model_copy(update={"settings": {**recipe.settings, "mu": -1}})
    with pytest.raises(SettingsError, match=r"mu must be a number .*; got -1"):
        replay(plane, bad)


def test_replay_refuses_a_recipe_of_more_planes_than_are_given(plane, recipe):
    source = recipe.source.model_copy(update={"companions": ((2, None, None),)})
    with pytest.raises(ImageError, match="made from 1 further plane of its stack; got 0"):
        replay(plane, recipe.model_copy(update={"source": source}))


@pytest.fixture
def painted(plane, recipe):
    """Give a recipe with two painted pixels, and the labels with them."""
    made = replay(plane, recipe)
    labels = made.copy()
    labels[3, 4:6] = 77
    corrections = describe(made, labels, recipe.source.position)
    source = Source.of(plane, "cells", position=recipe.source.position)
    return recipe.model_copy(update={"source": source, "corrections": corrections}), labels


def test_replay_paints_what_was_painted(plane, painted):
    recipe, labels = painted
    text = json.dumps(recipe.to_metadata())
    np.testing.assert_array_equal(replay(plane, Recipe.from_metadata(json.loads(text))), labels)


def test_on_another_image_what_was_painted_is_left_out_and_told_so(plane, painted):
    recipe, _ = painted
    with pytest.warns(ImageWarning, match="painted on the labels of cells is left out"):
        labels = replay(1 - plane, recipe)
    assert 77 not in labels


def test_replay_on_another_image_without_paint_warns_of_nothing(plane, recipe):
    assert replay(1 - plane, recipe).shape == (12, 10)


def test_a_recipe_from_before_there_were_scribbles_and_refinements_is_read(recipe):
    plain = recipe.to_metadata()
    for name in ("scribbles", "guidance", "refinements"):
        assert plain["dynaseg_recipe"].pop(name) == []
    assert Recipe.from_metadata(plain) == recipe


@pytest.mark.parametrize("numbering", ["size", "live"])
def test_replay_gives_what_was_scribbled_and_refined(plane, recipe, numbering):
    drawn = np.zeros(plane.shape[1:], np.int32)
    drawn[2:5, 3], drawn[8:10, 6] = 30, 4
    source = Source.of(plane, "cells", position=recipe.source.position)
    changes = {"source": source, "numbering": numbering, "scribbles": encode(drawn)}
    recipe = recipe.model_copy(update=changes)
    labels = replay(plane, recipe)
    np.testing.assert_array_equal(labels[drawn > 0], drawn[drawn > 0])
    shown = labels.copy()
    shown[0, 2:9] = 50
    painted = (shown == 50) | (drawn > 0)
    knobs = Settings(**recipe.settings).change(refine_iterations=3, scribble_weight=2)
    paint = Paint(source.position, shown, painted)
    refinement = RefinementRecord.of(source.position, "this", paint.describe(), knobs)
    refined = replay(plane, recipe.model_copy(update={"refinements": (refinement,)}))
    np.testing.assert_array_equal(refined[painted], shown[painted])
    elsewhere = refinement.model_copy(update={"position": (9, None, None)})
    with pytest.warns(ImageWarning, match="refined by the paint of another plane is left out"):
        left = replay(plane, recipe.model_copy(update={"refinements": (elsewhere,)}))
    np.testing.assert_array_equal(left, labels)


@pytest.fixture
def guided(plane, recipe):
    """Give a recipe whose run was guided to two halves."""
    halves = np.full(plane.shape[1:], 9, np.int32)
    halves[:, 5:] = 2
    settings = SMALL.change(guidance_weight=1).model_dump()
    given = {"guidance": encode(halves), "settings": settings}
    source = Source.of(plane, "cells", position=recipe.source.position)
    return recipe.model_copy(update={"source": source, **given}), halves


def test_replay_guides_as_the_run_was_guided(plane, guided):
    recipe, halves = guided
    settings = Settings(**recipe.settings)
    *_, last = iter_fit(plane, settings, guidance=halves)
    again = Recipe.from_metadata(json.loads(json.dumps(recipe.to_metadata())))
    labels = replay(plane, again)
    np.testing.assert_array_equal(labels, number_by_size(last.labels))
    alone = recipe.model_copy(update={"guidance": ()})
    assert (labels != replay(plane, alone)).any()


def test_on_another_image_the_guidance_is_left_out_and_told_so(plane, guided, painted):
    recipe, _ = guided
    with pytest.warns(ImageWarning, match="the guidance of cells is left out: this is another"):
        labels = replay(1 - plane, recipe)
    np.testing.assert_array_equal(
        labels, replay(1 - plane, recipe.model_copy(update={"guidance": ()}))
    )
    both = recipe.model_copy(update={"corrections": painted[0].corrections})
    with pytest.warns(ImageWarning, match="labels of cells and the guidance of cells are left"):
        replay(1 - plane, both)


def test_on_another_image_scribbles_are_left_out_and_told_so(plane, recipe):
    drawn = np.zeros(plane.shape[1:], np.int32)
    drawn[2:5, 3] = 77
    source = Source.of(plane, "cells", position=recipe.source.position)
    described = {"source": source, "scribbles": encode(drawn)}
    with pytest.warns(ImageWarning, match="is left out: this is another image"):
        labels = replay(1 - plane, recipe.model_copy(update=described))
    np.testing.assert_array_equal(labels, replay(1 - plane, recipe))
