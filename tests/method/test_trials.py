"""The contact sheet: every scheme with every μ, small, in order, and left at any time."""

import numpy as np
import pytest

from napari_dynaseg.errors import ImageError
from napari_dynaseg.method.trials import (
    FACTORS,
    MOST_PIXELS,
    Trial,
    iter_trials,
    list_choices,
    reduce_plane,
)
from napari_dynaseg.settings import SCHEMES, Settings

QUICK = Settings(channels=4, iterations=3, minimum_labels=1, seed=7)
PLANE = np.array([[[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]]], np.float32)


def test_every_published_scheme_comes_once_with_every_mu_around_its_default_rising():
    pairs = [(choice.scheme, choice.mu) for choice in list_choices(QUICK)]
    assert pairs == [
        *(("scf", mu) for mu in (15, 50, 150, 500)),
        *(("fsf", mu) for mu in (4.5, 15, 45, 150)),
        *(("fixed", mu) for mu in (1.5, 5, 15, 50)),
    ]
    assert len(set(pairs)) == len(SCHEMES) * len(FACTORS)


def test_the_other_knobs_stay_but_for_the_quality_which_is_fast():
    for choice in list_choices(QUICK.change(quality="exact")):
        assert (choice.seed, choice.channels, choice.quality) == (7, 4, "fast")


def test_the_defaults_of_the_user_are_the_middle_and_the_range_is_kept_to():
    choices = list_choices(QUICK, {"scf": 0.02, "fixed": 9000.0, "fsf": 12.3456})
    mus = {scheme: [each.mu for each in choices if each.scheme == scheme] for scheme in SCHEMES}
    assert mus["scf"] == [0.01, 0.02, 0.06, 0.2]
    assert mus["fsf"] == [3.7, 12.3456, 37.0, 123.0]
    assert mus["fixed"] == [2700.0, 9000.0, 10_000.0, 10_000.0]


@pytest.mark.parametrize("shape", [(512, 512), (3, 90_000), (2048, 1500)])
def test_a_large_plane_is_reduced_until_a_trial_is_quick(shape):
    reduced = reduce_plane(np.zeros((2, *shape), np.float32))
    assert len(reduced) == 2
    assert MOST_PIXELS / 2 < reduced[0].size <= MOST_PIXELS


def test_a_small_plane_stays_as_it_is():
    np.testing.assert_array_equal(reduce_plane(PLANE), PLANE)


def test_what_is_no_plane_is_named():
    with pytest.raises(ImageError, match=r"\(C, H, W\); got \(3, 4\)"):
        reduce_plane(PLANE[0])


def test_trials_come_in_the_order_of_the_choices_after_their_iterations():
    choices = list_choices(QUICK)[:3]
    found = list(iter_trials(PLANE, choices))
    assert [trial is None for trial in found] == [True, True, True, False] * 3
    trials = [trial for trial in found if trial is not None]
    assert tuple(trial.settings for trial in trials) == choices
    for trial in trials:
        assert trial.labels.shape == (3, 4)
        assert trial.count == len(np.unique(trial.labels)) == trial.labels.max()
        assert trial.seconds > 0
        assert not trial.labels.flags.writeable


def test_a_trial_shows_what_the_user_will_get():
    plane = np.zeros((1, 256, 300), np.float32)
    plane[:, 60:150, 80:200] = 0.8
    plane += np.random.default_rng(0).normal(0, 0.02, plane.shape).astype(np.float32)
    for result in ("clusters", "regions"):
        settings = Settings(iterations=5, result=result, detail=0)
        (*_, trial) = iter_trials(plane, [settings])
        assert trial.labels.shape == (256, 300)
        inside = np.unique(trial.labels[62:148, 82:198])
        assert len(inside) == 1
        assert inside != trial.labels[5, 5]


def test_a_trial_has_the_labels_of_a_run_on_the_reduced_plane():
    from napari_dynaseg.labels.numbering import number_by_size
    from napari_dynaseg.method.run import iter_fit

    settings = list_choices(QUICK.change(clean=False))[5]
    *_, last = iter_fit(PLANE, settings)
    trial = list(iter_trials(PLANE, [settings]))[-1]
    assert isinstance(trial, Trial)
    np.testing.assert_array_equal(trial.labels, number_by_size(last.labels))


def test_who_leaves_after_an_iteration_waits_for_no_more_of_them(monkeypatch):
    from napari_dynaseg.engine.trainer import Trainer

    measured = []
    measure = Trainer.measure
    monkeypatch.setattr(Trainer, "measure", lambda *given: (measured.append(1), measure(*given))[1])
    trials = iter_trials(PLANE, list_choices(QUICK))
    assert next(trials) is None
    trials.close()
    assert len(measured) == 1
    assert list(trials) == []
