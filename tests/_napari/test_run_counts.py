"""A run whose labels take long tells how far it is meanwhile, and loses none of its iterations."""

import numpy as np
import pytest
from tests._napari.conftest import QUICK, TIMEOUT, open_panel
from tests._napari.panel.test_widget import wait_for_threads

from napari_dynaseg._napari.work.pace import Pace


@pytest.fixture
def counted(viewer, monkeypatch):
    """A panel whose runs label their first iteration alone, and count the others."""
    monkeypatch.setattr(Pace, "is_worth_labelling", lambda pace, _left: pace._labelling == 0)
    monkeypatch.setattr(Pace, "try_count", lambda pace: pace._drawn.is_set())
    pixels = np.random.default_rng(1).integers(0, 90, (210, 230), np.uint8)
    pixels[:, 100:] += 120
    viewer.add_image(pixels, name="large")
    return open_panel(viewer)


def test_the_bar_the_words_and_the_curves_follow_between_two_updates(counted, qtbot):
    counted.show_settings(QUICK.change(quality="fast", iterations=45))
    counted.segment_button.native.click()
    run = counted.run
    qtbot.waitUntil(lambda: counted.display.bar.value > 3, timeout=TIMEOUT)
    assert run.update.now.iteration == 1
    assert [each.iteration for each in counted.display.curves._trail[:4]] == [1, 2, 3, 4]
    assert counted.display.status.text().startswith("iteration ")
    counted.stop()
    wait_for_threads(qtbot)


def test_a_stopped_run_keeps_its_labels_and_offers_the_iterations_after_them(counted, qtbot):
    counted.show_settings(QUICK.change(quality="fast", iterations=45))
    counted.segment_button.native.click()
    run = counted.run
    qtbot.waitUntil(lambda: counted.display.bar.value > 3, timeout=TIMEOUT)
    counted.stop()
    kept = counted.kept.find(run.layer)
    np.testing.assert_array_equal(run.layer.data, run.update.labels)
    assert [snapshot.iteration for snapshot in kept.snapshots][:4] == [1, 2, 3, 4]
    assert counted.compare.row.slider.max == len(kept.snapshots) - 1
    wait_for_threads(qtbot)


def test_a_run_to_its_end_has_each_iteration_once(counted, finish):
    counted.show_settings(QUICK.change(quality="fast"))
    layer = finish(counted)
    kept = counted.kept.find(layer)
    assert [snapshot.iteration for snapshot in kept.snapshots] == list(range(1, 13))
    assert not kept.snapshots[-1].is_sketch
    assert [each.iteration for each in counted.display.curves._trail] == list(range(1, 13))
