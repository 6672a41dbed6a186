"""The network that is saved is the one that the labels come from now."""

import pytest
from tests._napari.conftest import EITHER_WAY
from tests._napari.panel.test_widget import wait_for_threads
from tests._napari.work.test_refinement import paint, refine

from napari_dynaseg.recipes.trained_network import TrainedNetwork


@pytest.fixture
def save(tmp_path, qtbot):
    """Give a function that saves the network of a panel, and reads it back as bytes."""

    def press(panel):
        path = tmp_path / "saved.dynaseg.safetensors"
        panel.network.save(path)
        wait_for_threads(qtbot)
        return TrainedNetwork.load(path).to_bytes()

    return press


@EITHER_WAY
def test_save_after_refine_writes_the_network_that_refine_has_made(panel, finish, qtbot, save):
    layer = finish(panel)
    first = save(panel)
    paint(layer, range(4, 20), range(24, 28), 50)
    refine(panel, qtbot)
    run = panel.kept.find(layer)
    assert save(panel) == run.keep_network().to_bytes() != first
    layer.undo()
    assert save(panel) == first
    layer.redo()
    assert save(panel) == run.keep_network().to_bytes() != first


def test_refining_earlier_labels_offers_their_network(panel, finish, qtbot, save, viewer):
    layer = finish(panel)
    wait_for_threads(qtbot)
    finish(panel)
    wait_for_threads(qtbot)
    last = save(panel)
    viewer.layers.selection.active = layer
    paint(layer, range(4, 20), range(24, 28), 50)
    refine(panel, qtbot)
    assert save(panel) == panel.kept.find(layer).keep_network().to_bytes() != last


def test_a_run_that_was_stopped_before_it_had_a_network_leaves_the_one_before(
    panel, finish, qtbot, save, viewer
):
    finish(panel)
    before = save(panel)
    panel.segment_button.native.click()
    panel.stop()
    wait_for_threads(qtbot)
    assert len(viewer.layers) == 2
    assert save(panel) == before
