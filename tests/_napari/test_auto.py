"""The scheme Auto in a real viewer: it runs, replays, and says what it does not offer."""

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from tests._napari.conftest import QUICK, TIMEOUT
from tests._napari.panel.test_widget import wait_for_threads

from napari_dynaseg.image.pixels import to_plane
from napari_dynaseg.recipes.recipe import Recipe
from napari_dynaseg.recipes.replay import replay

AUTO = QUICK.change(scheme="auto", mu=40.0)
LONG = AUTO.change(iterations=500, channels=40)


def last_message():
    return notification_manager.records[-1].message


def begin_long(panel, qtbot):
    panel.show_settings(LONG)
    panel.segment_button.native.click()
    qtbot.waitUntil(lambda: panel.run.update is not None, timeout=TIMEOUT)
    return panel.run


@pytest.fixture
def auto_panel(panel):
    panel.show_settings(AUTO)
    return panel


def test_the_regions_appear_and_their_recipe_makes_them_again(auto_panel, finish, halves):
    layer = finish(auto_panel)
    assert layer.data.shape == halves.shape
    assert not set(np.unique(layer.data[:, :14])) & set(np.unique(layer.data[:, 18:]))
    count = len(np.unique(layer.data))
    assert auto_panel.display.status.text().startswith(f"{count} labels after ")
    recipe = Recipe.from_metadata(layer.metadata)
    np.testing.assert_array_equal(replay(to_plane(halves), recipe), layer.data)


def test_a_run_goes_on_when_another_kind_of_scheme_is_chosen_meanwhile(auto_panel, qtbot):
    run = begin_long(auto_panel, qtbot)
    auto_panel.scheme.value = "fsf"
    assert "counts from the next on" in last_message()
    with qtbot.waitSignal(auto_panel.run_ended, timeout=TIMEOUT):
        pass
    wait_for_threads(qtbot)
    assert Recipe.from_metadata(run.layer.metadata).settings["scheme"] == "auto"


def test_turning_mu_leaves_the_bar_as_long_as_the_run(auto_panel, qtbot):
    begin_long(auto_panel, qtbot)
    most = auto_panel.display.bar.max
    auto_panel.mu.box.value = 90
    assert auto_panel.run is not None
    assert auto_panel.display.bar.max == most
    with qtbot.waitSignal(auto_panel.run_ended, timeout=TIMEOUT):
        pass
    wait_for_threads(qtbot)


def test_refine_says_that_auto_keeps_no_network(auto_panel, finish, qtbot):
    layer = finish(auto_panel)
    layer.data_setitem((np.array([3, 3]), np.array([3, 4])), 50)
    with qtbot.waitSignal(auto_panel.run_ended, timeout=TIMEOUT):
        auto_panel.refine_button.native.click()
    wait_for_threads(qtbot)
    assert "choose scf, fsf, fixed" in last_message()
    assert (layer.data[3, 3:5] == 50).all()


def test_the_quality_cannot_be_chosen_where_it_does_not_count(auto_panel, finish):
    assert not auto_panel.quality.enabled
    finish(auto_panel)
    assert not auto_panel.quality.enabled
    auto_panel.scheme.value = "fsf"
    assert auto_panel.quality.enabled
    auto_panel.scheme.value = "auto"
    assert not auto_panel.quality.enabled
    auto_panel.knobs.restore_defaults()
    assert auto_panel.quality.enabled
