"""The scheme Auto: several networks, one after the other, and the regions they make together."""

import numpy as np
import pytest

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.method import auto, subsampling
from napari_dynaseg.method.auto import make_scale, settle_member
from napari_dynaseg.method.run import iter_fit, segment
from napari_dynaseg.recipes.recipe import Recipe, Source
from napari_dynaseg.recipes.replay import replay
from napari_dynaseg.recipes.trained_network import TrainedNetwork
from napari_dynaseg.settings import Settings

QUICK = Settings(scheme="auto", channels=6, iterations=3, minimum_labels=1, device="cpu")


def make_plane(channels=1):
    """A bright disc on noise."""
    plane = np.random.default_rng(0).normal(0.2, 0.02, (channels, 40, 50))
    rows, columns = np.indices((40, 50))
    plane[:, (rows - 20) ** 2 + (columns - 25) ** 2 < 100] += 0.5
    return np.clip(plane, 0, 1).astype(np.float32)


def run(plane, settings=QUICK):
    return list(iter_fit(plane, settings))


def test_each_network_is_seen_training_and_the_last_step_has_the_regions():
    steps = run(make_plane())
    assert [step.iteration for step in steps] == list(range(1, 11))
    *before, last = steps
    assert all(step.trained_labels.shape == (20, 25) for step in steps)
    assert all(step.sketch.shape == (40, 50) for step in steps)
    assert before[0].labels.shape == last.labels.shape == (40, 50)
    assert last.labels_in_use == last.labels.max() == 2
    assert last.is_quick
    assert last.labels[20, 25] != last.labels[0, 0]


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_any_number_of_channels_is_segmented(channels):
    assert run(make_plane(channels))[-1].labels.max() == 2


@pytest.mark.parametrize("shape", [(1, 1, 2), (2, 1, 30), (3, 9, 4)])
def test_the_smallest_planes_are_segmented(shape):
    plane = np.random.default_rng(1).random(shape).astype(np.float32)
    assert run(plane)[-1].labels.shape == shape[1:]


def test_the_same_seed_gives_the_same_regions_and_another_one_other_networks():
    first, again = run(make_plane())[-1], run(make_plane())[-1]
    np.testing.assert_array_equal(first.labels, again.labels)
    other = run(make_plane(), QUICK.change(seed=1))[-1]
    assert not np.array_equal(first.weights, other.weights)


def test_no_two_networks_of_any_two_seeds_begin_alike():
    seeds = [
        settle_member(Settings(scheme="auto", seed=s), k).seed for s in (0, 1) for k in range(3)
    ]
    assert len(set(seeds)) == 6
    assert settle_member(Settings(scheme="auto", seed=2**31 - 1), 2).seed < 2**31


def test_networks_are_narrow_unless_more_labels_are_to_be_kept():
    assert settle_member(Settings(scheme="auto"), 0).channels == 40
    assert settle_member(Settings(scheme="auto", minimum_labels=60), 0).channels == 61


def test_each_network_sees_a_coarser_scale():
    roughness = [np.diff(make_scale(make_plane(), scale)).std() for scale in range(3)]
    assert roughness[0] > roughness[1] > roughness[2]


def test_a_large_plane_is_reduced_to_merge_its_regions(monkeypatch):
    monkeypatch.setattr(subsampling, "MOST_MERGED_PIXELS", 500)
    labels = run(make_plane())[-1].labels
    assert labels.shape == (40, 50)
    np.testing.assert_array_equal(labels[:, ::2], labels[:, 1::2])
    assert labels[20, 25] != labels[0, 0]


def test_mu_can_be_turned_while_the_networks_train():
    plane = np.random.default_rng(4).random((1, 40, 50)).astype(np.float32)

    def count(mu):
        training = iter_fit(plane, QUICK)
        next(training)
        training.send(QUICK.change(mu=mu))
        return list(training)[-1].labels_in_use

    assert count(1) > count(400)


@pytest.mark.parametrize(("before", "after"), [("auto", "scf"), ("scf", "auto")])
def test_a_run_that_trains_cannot_become_another_kind(before, after):
    training = iter_fit(make_plane(), QUICK.change(scheme=before))
    next(training)
    with pytest.raises(SettingsError, match=f"cannot change .* got '{after}'"):
        training.send(QUICK.change(scheme=after))


@pytest.mark.parametrize(
    "more",
    [
        {"companions": [make_plane()]},
        {"start": np.zeros(1)},
        {"scribbles": np.zeros((40, 50), np.int32)},
    ],
)
def test_auto_is_refused_where_one_network_is_needed(more):
    with pytest.raises(SettingsError, match="choose scf, fsf, fixed"):
        iter_fit(make_plane(), QUICK, **more)


def test_no_network_of_auto_is_kept():
    step = run(make_plane())[-1]
    recipe = Recipe.now(QUICK, step.iteration, Source.of(make_plane(), "x"), numbering="size")
    with pytest.raises(SettingsError, match="keeps none"):
        TrainedNetwork.from_step(step, recipe, None, None)


@pytest.mark.parametrize("numbering", ["size", "live"])
def test_a_recipe_makes_the_regions_again(numbering):
    plane = make_plane()
    last = run(plane)[-1]
    recipe = Recipe.now(QUICK, last.iteration, Source.of(plane, "x"), numbering=numbering)
    again = replay(plane, recipe)
    assert len(np.unique(again)) == 2
    assert (again == again[0, 0]).tolist() == (last.labels == last.labels[0, 0]).tolist()


def test_segment_takes_the_scheme_by_name():
    knobs = QUICK.model_dump()
    labels = segment(make_plane()[0], **knobs)
    np.testing.assert_array_equal(np.unique(labels), [1, 2])


def test_the_edge_of_the_plane_makes_no_regions(monkeypatch):
    seen = []
    real = auto.find_probabilities
    monkeypatch.setattr(auto, "find_probabilities", lambda *of: seen.append(of[0]) or real(*of))
    run(make_plane())
    assert [plane.shape for plane in seen] == [(1, 46, 56)] * 3
