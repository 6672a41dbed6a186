"""The knobs: defaults, ranges, and the one sentence that each bad value earns."""

import json

import numpy as np
import pytest
from pydantic import ValidationError

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.settings import OUTCOMES, SCHEMES, Settings, describe_knob, describe_range


def test_the_defaults_are_those_of_the_papers_programs():
    assert Settings().model_dump() == {
        "scheme": "scf",
        "mu": 50.0,
        "quality": "fast",
        "result": "clusters",
        "detail": 52.0,
        "clean": True,
        "padding": "replicate",
        "iterations": 500,
        "minimum_labels": 3,
        "channels": 100,
        "blocks": 3,
        "learning_rate": 0.1,
        "momentum": 0.9,
        "scribble_weight": 0.5,
        "guidance_weight": 0.5,
        "refine_iterations": 20,
        "strategy": "one",
        "training_planes": 1,
        "follow_iterations": 10,
        "seed": 0,
        "device": "auto",
    }


@pytest.mark.parametrize(("scheme", "mu"), [("scf", 50.0), ("fsf", 15.0), ("fixed", 5.0)])
def test_each_scheme_has_its_own_default_mu(scheme, mu):
    assert Settings(scheme=scheme).mu == mu
    assert SCHEMES[scheme].default_mu == mu


def test_each_result_has_a_detail_of_its_own():
    assert Settings(result="regions").detail == OUTCOMES["regions"].default_detail
    assert Settings().change(result="regions").detail == OUTCOMES["regions"].default_detail
    assert Settings(detail=10).change(result="regions").detail == 10.0


def test_outlines_are_clean_in_fast_and_as_published_in_exact():
    assert Settings().clean
    assert not Settings(quality="exact").clean
    assert not Settings().change(quality="exact").needs_tree
    assert Settings(clean="false").needs_tree is False
    assert Settings(clean=False, result="regions").needs_tree


def test_who_asks_for_auto_is_told_where_its_regions_are():
    with pytest.raises(SettingsError, match=r"auto is no more: .*result='regions'"):
        Settings(scheme="auto")
    with pytest.raises(SettingsError, match="auto is no more"):
        Settings().change(scheme="auto")


def test_settings_of_another_detail_train_alike():
    assert Settings().trains_like(Settings(detail=3))
    assert not Settings().trains_like(Settings(mu=3))


def test_changing_the_scheme_moves_mu_to_its_default_unless_it_was_given():
    assert Settings().change(scheme="fsf").mu == 15.0
    assert Settings(mu=80).change(scheme="fsf").mu == 80.0


def test_a_mu_given_by_a_change_counts_as_given():
    assert Settings().change(mu=80).change(scheme="fixed").mu == 80.0


@pytest.mark.parametrize(("quality", "padding"), [("fast", "replicate"), ("exact", "zeros")])
def test_the_edge_is_published_in_exact_quality_unless_it_was_given(quality, padding):
    assert Settings(quality=quality).padding == padding
    assert Settings().change(quality=quality).padding == padding
    assert Settings(padding="zeros").change(quality=quality).padding == "zeros"


def test_a_default_that_follows_another_knob_is_told_in_words():
    assert Settings.describe_default("mu") == "50 for scf, 15 for fsf, 5 for fixed"
    assert Settings.describe_default("padding") == "replicate in fast quality, zeros in exact"
    assert Settings.describe_default("blocks") == "3"


def test_a_change_leaves_the_other_knobs_and_the_old_settings_alone():
    old = Settings(seed=7, channels=20)
    new = old.change(mu=2)
    assert (new.seed, new.channels, new.mu) == (7, 20, 2.0)
    assert old.mu == 50.0


def test_a_change_is_checked_as_the_first_values_are():
    with pytest.raises(SettingsError, match=r"iterations must be .*; got 0"):
        Settings().change(iterations=0)


@pytest.mark.parametrize(
    ("knob", "value", "sentence"),
    [
        ("scheme", "dice", "scheme must be one of 'scf', 'fsf', 'fixed'; got 'dice'"),
        ("mu", 0.001, "mu must be a number from 0.01 to 10000; got 0.001"),
        ("mu", 10_001, "mu must be a number from 0.01 to 10000; got 10001"),
        ("mu", float("nan"), "mu must be a number from 0.01 to 10000; got nan"),
        ("mu", float("inf"), "mu must be a number from 0.01 to 10000; got inf"),
        ("mu", "many", "mu must be a number from 0.01 to 10000; got 'many'"),
        ("mu", None, "mu must be a number from 0.01 to 10000; got None"),
        ("iterations", 0, "iterations must be a whole number from 1 to 100000; got 0"),
        ("iterations", 2.5, "iterations must be a whole number from 1 to 100000; got 2.5"),
        ("minimum_labels", 0, "minimum_labels must be a whole number from 1 to 1024; got 0"),
        ("channels", 1, "channels must be a whole number from 2 to 1024; got 1"),
        ("blocks", 0, "blocks must be a whole number from 1 to 10; got 0"),
        ("blocks", 11, "blocks must be a whole number from 1 to 10; got 11"),
        ("learning_rate", 0, "learning_rate must be a number above 0 to 10; got 0"),
        ("learning_rate", float("nan"), "learning_rate must be a number above 0 to 10; got nan"),
        ("momentum", 1, "momentum must be a number from 0 to below 1; got 1"),
        ("momentum", -0.1, "momentum must be a number from 0 to below 1; got -0.1"),
        ("seed", -1, "seed must be a whole number from 0 to 2147483647; got -1"),
        ("seed", 2**31, "seed must be a whole number from 0 to 2147483647; got 2147483648"),
        ("device", "tpu", "device must be one of 'auto', 'cpu', 'cuda', 'mps'; got 'tpu'"),
    ],
)
def test_a_bad_value_gets_one_sentence_of_what_came_and_what_was_expected(knob, value, sentence):
    with pytest.raises(SettingsError) as caught:
        Settings(**{knob: value})
    assert str(caught.value) == sentence


def test_only_the_first_of_many_complaints_is_told():
    with pytest.raises(SettingsError, match=r"^scheme must be [^;]*; got 'dice'$"):
        Settings(scheme="dice", mu=-1, seed=-1)


def test_an_unknown_knob_is_named_together_with_those_there_are():
    with pytest.raises(SettingsError, match=r"no setting 'epochs'; the settings are scheme, mu"):
        Settings(epochs=3)


@pytest.mark.parametrize("minimum_labels", [8, 9])
def test_minimum_labels_must_leave_room_to_train(minimum_labels):
    with pytest.raises(SettingsError, match=r"^minimum_labels must be below channels.*channels=8$"):
        Settings(channels=8, minimum_labels=minimum_labels)


def test_minimum_labels_may_be_one_below_channels():
    assert Settings(channels=8, minimum_labels=7).minimum_labels == 7


def test_settings_are_frozen():
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.mu = 3.0


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        ("mu", np.float32(0.5)),
        ("mu", np.uint8(5)),
        ("iterations", np.int64(5)),
        ("seed", np.uint16(5)),
        ("scheme", np.str_("fsf")),
    ],
)
def test_numpy_scalars_count_as_the_python_values_they_hold(knob, value):
    taken = getattr(Settings(**{knob: value}), knob)
    assert taken == value
    assert not isinstance(taken, np.generic)


@pytest.mark.parametrize("truth", [True, False, np.True_])
@pytest.mark.parametrize("knob", ["mu", "iterations", "seed", "momentum", "scheme"])
def test_a_truth_value_is_no_setting(knob, truth):
    with pytest.raises(SettingsError, match=rf"^{knob} must be .*; got .*{truth!s}"):
        Settings(**{knob: truth})


def test_texts_of_numbers_count_as_numbers_as_the_command_line_gives_them():
    settings = Settings(iterations="5", mu="2.5", seed="7")
    assert (settings.iterations, settings.mu, settings.seed) == (5, 2.5, 7)


@pytest.mark.parametrize(
    ("knob", "words"),
    [
        ("scheme", "one of 'scf', 'fsf', 'fixed'"),
        ("mu", "a number from 0.01 to 10000"),
        ("channels", "a whole number from 2 to 1024"),
        ("learning_rate", "a number above 0 to 10"),
        ("momentum", "a number from 0 to below 1"),
    ],
)
def test_a_range_is_said_in_words(knob, words):
    assert describe_range(knob) == words


@pytest.mark.parametrize("knob", Settings.model_fields)
def test_every_knob_has_a_title_a_help_and_a_type_to_show(knob):
    described = describe_knob(knob)
    assert described["title"]
    assert len(described["description"]) > 10
    assert described["type"] in {"boolean", "integer", "number", "string"}


def test_the_help_of_mu_tells_its_effect_under_every_scheme():
    described = describe_knob("mu")["description"]
    assert all(facts.effect in described for facts in SCHEMES.values())


def test_the_help_of_the_scheme_tells_every_formula():
    described = describe_knob("scheme")["description"]
    assert all(facts.formula in described for facts in SCHEMES.values())


def test_settings_survive_json():
    settings = Settings(scheme="fixed", seed=3)
    assert Settings(**json.loads(settings.model_dump_json())) == settings
