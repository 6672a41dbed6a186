"""The training loop: its first steps against plain algebra, and what it promises its users."""

import numpy as np
import pytest

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.network import build_network
from napari_dynaseg.engine.trainer import Trainer, apply_network, measure_statistics
from napari_dynaseg.errors import SettingsError
from napari_dynaseg.method.run import iter_fit
from napari_dynaseg.method.subsampling import choose_reduction, choose_samples
from napari_dynaseg.settings import Settings

SMALL = Settings(channels=8, iterations=4, minimum_labels=1, device="cpu", clean=False)


@pytest.fixture
def plane():
    return np.random.default_rng(0).random((2, 12, 10), dtype=np.float32)


def respond(image, parameters):
    """Run the network of three blocks, in the order of its parameters, without its classes."""
    hidden, functional = image[None], torch.nn.functional
    for block in range(3):
        weight, bias, scale, shift = parameters[4 * block : 4 * block + 4]
        hidden = functional.conv2d(hidden, weight, bias, padding=weight.shape[-1] // 2)
        if block < 2:
            hidden = hidden.clamp(min=0)
        mean = hidden.mean(dim=(0, 2, 3), keepdim=True)
        variance = ((hidden - mean) ** 2).mean(dim=(0, 2, 3), keepdim=True)
        normed = (hidden - mean) / (variance + 1e-5).sqrt()
        hidden = normed * scale[:, None, None] + shift[:, None, None]
    return hidden[0]


def descend_plainly(plane, settings, steps):
    """Train as the papers say, in float64 and without our modules: one dict a step."""
    image = torch.tensor(plane, dtype=torch.float64)
    start = build_network(len(plane), settings).parameters()
    parameters = [start_value.detach().double().requires_grad_() for start_value in start]
    velocities = [torch.zeros_like(parameter) for parameter in parameters]
    for _ in range(steps):
        response = respond(image, parameters)
        labels = response.argmax(dim=0)
        labels_in_use = len(set(labels.ravel().tolist()))
        weight = settings.mu / labels_in_use
        own = response.gather(0, labels[None])[0]
        similarity = (response.exp().sum(dim=0).log() - own).mean()
        vertical, horizontal = response.diff(dim=1), response.diff(dim=2)
        continuity = vertical.abs().mean() + horizontal.abs().mean()
        total = similarity + weight * continuity
        gradients = torch.autograd.grad(total, parameters)
        velocities = [
            settings.momentum * velocity + gradient
            for velocity, gradient in zip(velocities, gradients, strict=True)
        ]
        parameters = [
            (parameter - settings.learning_rate * velocity).detach().requires_grad_()
            for parameter, velocity in zip(parameters, velocities, strict=True)
        ]
        yield {
            "labels": labels.numpy() + 1,
            "labels_in_use": labels_in_use,
            "weight": weight,
            "similarity": similarity.item(),
            "continuity": continuity.item(),
            "total": total.item(),
        }


def test_the_first_step_has_the_numbers_of_plain_algebra(plane):
    settings = SMALL.change(padding="zeros")
    step = next(iter_fit(plane, settings))
    plain = next(descend_plainly(plane, settings, 1))
    assert step.iteration == 1
    np.testing.assert_array_equal(step.labels, plain["labels"])
    assert step.labels_in_use == plain["labels_in_use"]
    for name in ("weight", "similarity", "continuity", "total"):
        assert getattr(step, name) == pytest.approx(plain[name], rel=1e-4), name


def test_the_next_two_steps_follow_gradient_descent_with_momentum(plane):
    # The second step shows the first update, the third the momentum; a small learning rate
    # keeps the rounding of float32 from growing in between.
    settings = SMALL.change(learning_rate=0.01, mu=5, iterations=3, padding="zeros")
    totals = [step.total for step in iter_fit(plane, settings)]
    plain = [step["total"] for step in descend_plainly(plane, settings, 3)]
    assert totals == pytest.approx(plain, rel=1e-3)
    assert totals[2] < totals[0] * 0.99


def test_the_plane_is_left_as_it_was(plane):
    kept = plane.copy()
    list(iter_fit(plane, SMALL))
    np.testing.assert_array_equal(plane, kept)


def test_the_same_seed_gives_the_same_steps(plane):
    first, second = list(iter_fit(plane, SMALL)), list(iter_fit(plane, SMALL))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.labels, other.labels)
        assert one.total == other.total


def test_another_seed_gives_another_segmentation(plane):
    one = next(iter_fit(plane, SMALL))
    other = next(iter_fit(plane, SMALL.change(seed=1)))
    assert one.total != other.total
    assert (one.labels != other.labels).any()


def test_a_sent_mu_counts_from_the_next_iteration_on(plane):
    run = iter_fit(plane, SMALL)
    next(run)
    turned = run.send(SMALL.change(mu=7))
    assert turned.iteration == 2
    assert turned.weight == 7 / turned.labels_in_use
    after = next(run)
    assert after.weight == 7 / after.labels_in_use


def test_a_sent_scheme_counts_from_the_next_iteration_on(plane):
    run = iter_fit(plane, SMALL)
    next(run)
    assert run.send(SMALL.change(scheme="fixed")).weight == 5.0


def test_sent_iterations_move_the_end(plane):
    run = iter_fit(plane, SMALL)
    next(run)
    run.send(SMALL.change(iterations=2))
    assert list(run) == []


def test_a_sent_minimum_of_labels_moves_the_end(plane):
    settings = SMALL.change(iterations=200, mu=20)
    run = iter_fit(plane, settings)
    now_in_use = next(step.labels_in_use for step in run if step.labels_in_use < 8)
    with pytest.raises(StopIteration):
        run.send(settings.change(minimum_labels=now_in_use))


@pytest.mark.parametrize(
    ("knob", "value", "had"),
    [("seed", 5, 0), ("channels", 9, 8), ("blocks", 2, 3), ("learning_rate", 0.2, 0.1)],
)
def test_a_knob_that_only_counts_at_the_start_cannot_be_sent(plane, knob, value, had):
    run = iter_fit(plane, SMALL)
    next(run)
    sentence = (
        rf"^{knob} cannot change while a run trains, only scheme, mu, iterations, "
        rf"minimum_labels, detail can; got {value} where the run has {had}$"
    )
    with pytest.raises(SettingsError, match=sentence):
        run.send(SMALL.change(**{knob: value}))


def test_a_run_ends_after_its_iterations(plane):
    assert [step.iteration for step in iter_fit(plane, SMALL)] == [1, 2, 3, 4]


def test_a_run_ends_with_the_first_step_of_few_enough_labels(plane):
    settings = SMALL.change(minimum_labels=3, iterations=200, mu=20)
    counts = [step.labels_in_use for step in iter_fit(plane, settings)]
    assert len(counts) < 200
    assert counts[-1] <= 3
    assert min(counts[:-1]) > 3


def test_a_run_that_asks_for_labels_late_as_on_a_gpu_has_the_same_steps(plane, monkeypatch):
    settings = SMALL.change(minimum_labels=3, iterations=200, mu=20)
    expected = [(step.labels_in_use, step.total) for step in iter_fit(plane, settings)]
    monkeypatch.setattr(Trainer, "runs_ahead", True)
    steps = list(iter_fit(plane, settings))
    assert [(step.labels_in_use, step.total) for step in steps] == expected


def test_the_random_state_of_the_session_stays_untouched(plane):
    before = torch.get_rng_state()
    list(iter_fit(plane, SMALL))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_run_trains_even_where_the_session_has_switched_gradients_off(plane):
    usual = [step.total for step in iter_fit(plane, SMALL)]
    with torch.no_grad():
        assert [step.total for step in iter_fit(plane, SMALL)] == usual
        assert not torch.is_grad_enabled()


@pytest.mark.parametrize("shape", [(1, 1, 9), (1, 9, 1), (1, 2, 1), (5, 3, 4)])
def test_narrow_planes_give_finite_losses(shape):
    plane = np.random.default_rng(0).random(shape, dtype=np.float32)
    for step in iter_fit(plane, SMALL):
        assert step.labels.shape == shape[1:]
        assert np.isfinite(step.total)


def test_a_missing_device_is_refused_when_called(plane, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SettingsError, match="got 'cuda'"):
        iter_fit(plane, SMALL.change(device="cuda"))


@pytest.fixture
def large_plane():
    plane = np.random.default_rng(0).random((1, 210, 230), dtype=np.float32) / 3
    plane[:, :, 100:] += 0.6
    return plane


def test_fast_quality_trains_on_fewer_pixels_and_labels_them_all(large_plane):
    step = next(iter_fit(large_plane, SMALL))
    assert step.trained_labels.size < large_plane.size / 4
    assert step.labels.shape == large_plane.shape[1:]
    assert step.labels.dtype == np.int32
    assert step.sketch.shape == large_plane.shape[1:]


def test_exact_quality_trains_on_every_pixel(large_plane):
    step = next(iter_fit(large_plane, SMALL.change(quality="exact")))
    np.testing.assert_array_equal(step.trained_labels, step.labels)
    np.testing.assert_array_equal(step.sketch, step.labels)


def test_small_planes_are_trained_on_whole_in_fast_quality_too(plane):
    fast = next(iter_fit(plane, SMALL.change(padding="zeros")))
    exact = next(iter_fit(plane, SMALL.change(quality="exact")))
    np.testing.assert_array_equal(fast.labels, exact.labels)
    assert fast.total == exact.total


# Steps so small that no label is ever given up.
SLOW = SMALL.change(iterations=500, learning_rate=1e-5)
FIXED = SLOW.change(scheme="fixed")


def test_a_fast_run_ends_after_the_iterations_that_suit_its_scheme(plane):
    assert len(list(iter_fit(plane, FIXED))) == 20


def test_a_knob_turned_in_a_fast_run_has_the_time_to_work(plane):
    run = iter_fit(plane, SLOW)
    for _ in range(30):
        next(run)
    rest = [run.send(FIXED), *run]
    assert [step.iteration for step in rest] == list(range(31, 51))


def test_companions_are_trained_on_too_and_the_labels_are_those_of_the_plane(plane):
    companion = plane[:, ::-1].copy()
    alone = next(iter_fit(plane, SMALL))
    together = next(iter_fit(plane, SMALL, companions=[companion]))
    assert together.trained_labels.shape == (2 * plane.shape[1], plane.shape[2])
    assert together.labels.shape == alone.labels.shape
    assert together.statistics.pixels == 2 * alone.statistics.pixels


def test_a_reduced_plane_is_labelled_by_the_statistics_of_what_the_network_saw(large_plane):
    step = next(iter_fit(large_plane, SMALL))
    reduction = choose_reduction(*large_plane.shape[1:], SMALL)
    seen = large_plane[:, *choose_samples(large_plane.shape[1:], reduction)]
    network = SMALL, step.weights
    labels, _ = apply_network(large_plane, *network, measure_statistics([seen], *network))
    np.testing.assert_array_equal(step.labels, labels)
    by_all_pixels, _ = apply_network(large_plane, *network)
    assert (labels != by_all_pixels).any()


def test_a_reduced_plane_with_companions_is_labelled_by_the_statistics_of_all(large_plane):
    step = next(iter_fit(large_plane, SMALL, companions=[1 - large_plane]))
    assert step.labels.shape == large_plane.shape[1:]
    assert step.statistics.pixels == step.trained_labels.size
    alone = next(iter_fit(large_plane, SMALL))
    assert step.statistics.pixels == 2 * alone.statistics.pixels
    assert (step.labels != alone.labels).any()


def scribble(plane, *strokes):
    scribbles = np.zeros(plane.shape[1:], np.int32)
    for label, where in strokes:
        scribbles[where] = label
    return scribbles


def test_scribbled_pixels_come_to_have_the_labels_that_were_scribbled(large_plane):
    strokes = (7, np.s_[20:60, 20]), (5, np.s_[20:60, 200])
    scribbles = scribble(large_plane, *strokes)
    # Each of two strokes weighs half of it, and its region about half of the similarity.
    settings = SMALL.change(iterations=40, scribble_weight=4)
    *_, last = iter_fit(large_plane, settings, scribbles=scribbles)
    for label, where in strokes:
        assert (last.labels[where] == label).mean() > 0.9
    assert (last.labels[100:, 3:90] == 7).mean() > 0.8


def test_a_run_keeps_as_many_labels_as_are_scribbled(plane):
    scribbles = scribble(plane, (1, np.s_[0]), (2, np.s_[5]), (3, np.s_[11]))
    steps = list(iter_fit(plane, SMALL.change(iterations=300, scheme="fixed"), scribbles=scribbles))
    assert steps[-1].labels_in_use <= 3 < steps[-2].labels_in_use


def test_scribbles_count_in_the_loss_by_their_weight(plane):
    scribbles = scribble(plane, (1, np.s_[0]))
    step = next(iter_fit(plane, SMALL, scribbles=scribbles))
    assert step.scribble > 0
    assert step.total == step.similarity + step.weight * step.continuity + 0.5 * step.scribble
    assert next(iter_fit(plane, SMALL)).scribble == 0


@pytest.fixture
def guidance():
    """Give a guidance of two halves, which the random plane does not have, and a free row."""
    halves = np.full((12, 10), 9, np.int32)
    halves[:, 5:], halves[0] = 4, 0
    return halves


def test_a_guidance_counts_in_the_loss_by_its_weight(plane, guidance):
    settings = SMALL.change(guidance_weight=0.25)
    step = next(iter_fit(plane, settings, guidance=guidance))
    assert step.guidance > 0
    assert step.total == step.similarity + step.weight * step.continuity + 0.25 * step.guidance
    alone = next(iter_fit(plane, settings))
    assert (step.similarity, alone.guidance) == (alone.similarity, 0)


def find_purity(labels, guidance):
    """Give the share of the guided pixels in the half that has most of their label."""
    halves = [np.bincount(labels[guidance == half], minlength=9) for half in (9, 4)]
    return np.max(halves, axis=0).sum() / np.sum(halves)


def test_labels_come_to_keep_to_the_regions_of_a_guidance(plane, guidance):
    settings = SMALL.change(iterations=60, minimum_labels=2, mu=1, guidance_weight=1)
    *_, alone = iter_fit(plane, settings)
    *_, guided = iter_fit(plane, settings, guidance=guidance)
    assert find_purity(guided.labels, guidance) > 0.9
    assert find_purity(alone.labels, guidance) < 0.8
    assert guided.labels_in_use > 2  # detail within the regions stays


def test_the_numbers_of_a_guidance_do_not_count(plane, guidance):
    other = np.where(guidance == 9, 2, guidance * 1000)
    runs = [list(iter_fit(plane, SMALL, guidance=each)) for each in (guidance, other)]
    assert torch.equal(runs[0][-1].weights, runs[1][-1].weights)


def test_a_guidance_of_no_weight_changes_nothing(plane, guidance):
    settings = SMALL.change(guidance_weight=0)
    *_, guided = iter_fit(plane, settings, guidance=guidance)
    *_, alone = iter_fit(plane, settings)
    assert torch.equal(guided.weights, alone.weights)


def test_scribbled_pixels_are_not_guided(plane, guidance):
    scribbles = scribble(plane, (1, np.s_[:6]), (2, np.s_[6:]))
    steps = [
        next(iter_fit(plane, SMALL, scribbles=scribbles, guidance=each))
        for each in (guidance, None)
    ]
    assert steps[0].total == steps[1].total
    assert steps[0].guidance == 0


def test_companions_are_not_guided(plane, guidance):
    full = np.where(guidance == 0, 4, guidance)
    alone = next(iter_fit(plane, SMALL, guidance=full))
    beside = next(iter_fit(plane, SMALL, companions=[plane], guidance=full))
    assert beside.guidance == pytest.approx(alone.guidance / 2, rel=0.1)


def test_in_fast_quality_a_guidance_draws_the_pixels_that_are_trained_on(large_plane):
    halves = np.ones(large_plane.shape[1:], np.int32)
    halves[:, 105:] = 2
    step = next(iter_fit(large_plane, SMALL, guidance=halves))
    assert step.trained_labels.shape != halves.shape
    assert step.guidance > 0
    between = np.zeros_like(halves)
    between[0, 0] = 1  # no pixel that is trained on
    assert next(iter_fit(large_plane, SMALL, guidance=between)).guidance == 0


def test_a_run_goes_on_from_the_weights_of_another(plane):
    *_, before, last = iter_fit(plane, SMALL.change(iterations=6))
    again = next(iter_fit(plane, SMALL, start=last.weights))
    np.testing.assert_array_equal(again.labels, last.labels)
    assert again.total == last.total
    assert not torch.equal(before.weights, last.weights)
