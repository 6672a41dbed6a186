"""Where a panel's first values come from: last used, then Preferences, then Settings."""

from unittest.mock import Mock

import pytest

from napari_dynaseg._napari.panel.preferences import (
    LastUsed,
    find_default,
    read_preferences,
    resolve_settings,
)
from napari_dynaseg.settings import SCHEMES, Settings

PAGE = {"scheme": "fsf", "mu_scf": 60.0, "mu_fsf": 20.0, "mu_fixed": 4.0, "iterations": 200}


def test_with_nothing_said_the_defaults_count():
    assert resolve_settings({}, {}) == Settings()


def test_preferences_come_before_the_defaults():
    settings = resolve_settings({}, PAGE)
    assert (settings.scheme, settings.mu, settings.iterations) == ("fsf", 20.0, 200)


def test_what_was_last_used_comes_before_preferences():
    settings = resolve_settings({"scheme": "scf", "iterations": 9}, PAGE)
    assert (settings.scheme, settings.mu, settings.iterations) == ("scf", 60.0, 9)
    assert resolve_settings({"mu_fsf": 3.5}, PAGE).mu == 3.5
    assert resolve_settings({"mu_scf": 3.5}, PAGE).mu == 20.0
    assert resolve_settings({"result": "regions", "detail_regions": 7.5}, PAGE).detail == 7.5


def test_what_no_longer_fits_the_ranges_is_left_out():
    assert resolve_settings({"iterations": -4}, PAGE).iterations == 200
    assert resolve_settings({}, {"iterations": "many"}) == Settings()
    assert resolve_settings({"mu_scf": "large"}, {}) == Settings()


def test_a_page_as_it_is_by_default_says_nothing(monkeypatch):
    import napari.settings

    usual = Settings().model_dump(exclude={"mu"}) | {"mu_scf": 50.0}
    page = Mock(segmenter=Mock(model_dump=lambda: usual | {"seed": 5}))
    monkeypatch.setattr(napari.settings, "get_plugin_settings", lambda _: page, raising=False)
    assert read_preferences() == {"seed": 5, "mu_scf": 50.0}


def test_each_scheme_has_its_own_mu_in_preferences():
    assert find_default("mu", "fixed", PAGE) == 4.0
    assert find_default("mu", "fixed", {}) == SCHEMES["fixed"].default_mu


def test_knobs_are_remembered_by_the_next_session():
    LastUsed().remember("mu_scf", 33.333333333333336)
    assert LastUsed().knobs == {"mu_scf": 33.333333333333336}


def test_a_mu_that_was_kept_without_its_scheme_counts_no_more():
    LastUsed().remember("mu", 33.0)
    assert LastUsed().knobs == {}


def test_knobs_can_be_forgotten_one_by_one_or_all():
    used = LastUsed()
    used.remember("mu_scf", 1.0)
    used.remember("seed", 2)
    used.forget("mu_scf")
    assert LastUsed().knobs == {"seed": 2}
    used.forget()
    assert LastUsed().knobs == {}


@pytest.mark.parametrize("broken", ["{not json", "[1, 2]"])
def test_a_broken_memory_is_an_empty_one(broken):
    used = LastUsed()
    used._store.setValue("last_used", broken)
    used._store.sync()
    assert LastUsed().knobs == {}


def test_a_napari_without_a_preferences_page_has_no_preferences(monkeypatch):
    import napari.settings

    monkeypatch.delattr(napari.settings, "get_plugin_settings", raising=False)
    assert read_preferences() == {}


def test_a_napari_that_does_not_know_the_plugin_has_no_preferences(monkeypatch):
    import napari.settings

    def know_nobody(plugin):
        raise KeyError(plugin)

    monkeypatch.setattr(napari.settings, "get_plugin_settings", know_nobody, raising=False)
    assert read_preferences() == {}


def test_the_preferences_page_shows_in_napari_and_is_read(request, npe2pm):
    import napari.settings
    from npe2 import PluginManifest

    if not hasattr(napari.settings, "get_plugin_settings"):
        pytest.skip("napari has Preferences pages of plugins from 0.9 on")
    request.getfixturevalue("plugin_settings")
    npe2pm.register(PluginManifest.from_distribution("napari-dynaseg"))
    assert read_preferences()["mu_fsf"] == 15.0
    napari.settings.get_plugin_settings("napari-dynaseg").segmenter.mu_fsf = 22.0
    assert resolve_settings({"scheme": "fsf"}, read_preferences()).mu == 22.0
