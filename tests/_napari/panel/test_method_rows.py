"""Compare with: another method on the plane on view, in a layer of its own."""

import time

import numpy as np
import pytest
from qtpy.QtWidgets import QComboBox
from tests._napari.conftest import open_panel
from tests._napari.panel.test_widget import last_notification

from napari_dynaseg._napari.work.method_run import MethodRun
from napari_dynaseg.peers import METHODS, Method, Preview, run_peer
from napari_dynaseg.recipes.method_record import METHOD_KEY

TIMEOUT = 20_000


@pytest.fixture
def compare(panel, qtbot):
    """Give a function that presses Run for a method, waits and gives the layer."""

    def press(name):
        panel.methods.choice.value = name
        with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
            panel.methods.run_button.native.click()
            run = panel.run
        return run.layer

    return press


def test_every_method_but_the_schemes_is_offered_with_its_own_knobs(panel):
    rows = panel.methods
    panel.show()
    rows.fold.expand(animate=False)
    offered = [rows.choice.native.itemText(n) for n in range(rows.choice.native.count())]
    assert offered == ["IIC", "k-means", "Graph-based", "CNN + superpixels", "Otsu's threshold"]
    for name in ("kmeans", "graph"):
        rows.choice.value = name
        shown = [knob.name for knob in rows[1:] if knob.native.isVisibleTo(rows.native)]
        assert shown == METHODS[name].knob_names
        assert rows.configure() == METHODS[name].configure()


def test_every_box_may_be_narrower_than_its_titles_so_that_the_run_button_has_room(panel):
    boxes = panel.methods.native.findChildren(QComboBox)
    assert panel.methods.choice.native in boxes
    assert all(0 < box.minimumWidth() <= 80 for box in boxes)


def test_the_labels_come_as_a_new_layer_that_says_what_made_them(panel, viewer, compare, halves):
    layer = compare("kmeans")
    assert layer.name == "halves k-means"
    knobs = layer.metadata[METHOD_KEY]["knobs"]
    assert (layer.metadata[METHOD_KEY]["method"], knobs["clusters"]) == ("kmeans", 5)
    assert layer.metadata[METHOD_KEY]["step"] is None
    expected = run_peer("kmeans", halves)
    for number in np.unique(expected):
        assert len(np.unique(layer.data[expected == number])) == 1
    assert layer.editable
    assert panel.display.status.text() == "5 labels by k-means."


def test_an_earlier_layer_is_left_as_it_was(viewer, compare):
    first = compare("otsu")
    first.data[0, 0] = 7
    second = compare("otsu")
    assert second is not first
    assert second.name == "halves Otsu's threshold [1]"
    assert first.data[0, 0] == 7


def test_a_turned_knob_counts(panel, compare):
    panel.methods.choice.value = "kmeans"
    clusters = panel.methods.list_knobs()[0]
    clusters.value = 2
    assert compare("kmeans").data.max() == 2


def test_a_bad_knob_is_told_and_nothing_runs(panel, viewer):
    panel.methods.choice.value = "kmeans"
    panel.methods.list_knobs()[1].value = 4
    panel.run_method()
    assert "window must be an odd number from 1 to 15; got 4" in last_notification()
    assert panel.run is None
    assert len(viewer.layers) == 1


def run_for_ever(plane, knobs):
    labels = np.ones(plane.shape[1:], np.int32)
    for step in range(1, 10**9):
        time.sleep(0.001)  # as a real step does: the main thread is told of each
        yield Preview(step, 10**9, lambda: labels)
    return labels


@pytest.fixture
def endless(panel, monkeypatch, qtbot):
    """Give a run that has shown something and goes on."""
    monkeypatch.setattr(Method, "begin", lambda _self, plane, knobs: run_for_ever(plane, knobs))
    panel.run_method()
    run = panel.run
    qtbot.waitUntil(lambda: bool(run.layer.data.any()), timeout=TIMEOUT)
    return run


def test_stop_ends_it_and_keeps_what_is_there(panel, endless, qtbot):
    assert not panel.segment_button.enabled
    assert not endless.layer.editable
    panel.stop_button.native.click()
    assert panel.run is None
    assert panel.segment_button.enabled
    assert endless.layer.data.all()
    assert endless.layer.editable
    assert endless.layer.metadata[METHOD_KEY]["step"] >= 1
    qtbot.waitUntil(lambda: not endless._task._worker.is_running, timeout=TIMEOUT)


def test_removing_the_layer_ends_it(panel, viewer, endless, qtbot):
    viewer.layers.remove(endless.layer)
    assert panel.run is None
    qtbot.waitUntil(lambda: not endless._task._worker.is_running, timeout=TIMEOUT)


def test_only_one_run_goes_on_at_a_time(panel, endless):
    panel.run_method()
    assert panel.run is endless
    panel.stop()


@pytest.mark.parametrize(
    ("error", "told"),
    [(RuntimeError("odd"), "the work broke off: odd"), (MemoryError(), "not enough memory")],
)
def test_a_method_that_fails_leaves_no_layer_and_a_panel_that_works(
    panel, viewer, monkeypatch, qtbot, error, told
):
    def fail(_plane, _knobs):
        yield Preview(0, 1)
        raise error

    monkeypatch.setattr(Method, "begin", lambda _self, plane, knobs: fail(plane, knobs))
    # What reaches Qt's event loop, napari shows as a notification with the whole story.
    with qtbot.captureExceptions() as caught, qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.run_method()
    assert told in (str(caught[0][1]) if caught else last_notification())
    assert len(viewer.layers) == 1
    assert panel.segment_button.enabled


def test_a_plane_of_a_stack_gets_labels_where_it_lies(viewer, qtbot):
    stack = np.random.default_rng(0).integers(0, 255, (20, 12, 10), np.uint8)
    viewer.add_image(stack, name="stack", scale=(3, 0.5, 0.5))
    panel = open_panel(viewer)
    viewer.dims.set_point(0, 6)
    panel.methods.choice.value = "otsu"
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.run_method()
        run = panel.run
    assert isinstance(run, MethodRun)
    assert run.layer.data.shape == (1, 12, 10)
    assert run.layer.translate.tolist() == [6, 0, 0]
    assert tuple(run.layer.metadata[METHOD_KEY]["source"]["position"]) == (2, None, None)


def test_a_run_within_a_layer_is_0_outside_it(panel, viewer, compare):
    corners = [[3.5, 7.5], [3.5, 27.5], [19.5, 27.5], [19.5, 7.5]]
    panel.input.region_of_interest.value = viewer.add_shapes([corners], name="area")
    layer = compare("kmeans")
    inside = np.zeros((24, 32), bool)
    inside[4:20, 8:28] = True
    np.testing.assert_array_equal(layer.data > 0, inside)
    assert layer.metadata[METHOD_KEY]["within"]["shape"] == [24, 32]
    assert panel.display.status.text() == "5 labels by k-means."
