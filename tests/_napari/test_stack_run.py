"""Whole stacks in a real viewer: press Segment, watch, stop, paint, and go on."""

import numpy as np
import pytest
from tests._napari.conftest import QUICK, TIMEOUT, open_panel
from tests._napari.panel.test_widget import wait_for_threads

from napari_dynaseg._napari.panel.network_row import NetworkRow
from napari_dynaseg._napari.work.worker import PlaneDone
from napari_dynaseg.files.label_store import LabelStore
from napari_dynaseg.recipes.trained_network import TrainedNetwork

SCALE = (2.0, 0.5, 0.5)


@pytest.fixture
def planes(halves):
    return np.stack([np.roll(halves, z, axis=1) for z in range(5)])


@pytest.fixture
def panel(viewer, planes):
    viewer.add_image(
        planes, name="cells", axis_labels=("z", "y", "x"), scale=SCALE, translate=(1, 2, 3)
    )
    viewer.dims.set_current_step(0, 2)
    panel = open_panel(viewer)
    panel.stack.planes.value = "All planes"
    return panel


@pytest.mark.short_pass
def test_one_layer_over_the_stack_lies_where_the_image_lies(panel, finish, viewer, planes):
    layer = finish(panel)
    image = viewer.layers["cells"]
    assert layer.data.shape == planes.shape
    assert layer.data.min() >= 1
    assert layer.editable
    np.testing.assert_array_equal(layer.extent.world, image.extent.world)
    assert (layer.units, layer.axis_labels) == (image.units, image.axis_labels)


def test_a_label_means_the_same_on_every_plane(panel, finish, planes):
    layer = finish(panel)
    bright = [layer.data[z, 12, (20 + z) % 32] for z in range(5)]
    dark = [layer.data[z, 12, (6 + z) % 32] for z in range(5)]
    assert (len(set(bright)), len(set(dark))) == (1, 1)
    assert bright[0] != dark[0]


def test_the_panel_tells_how_many_planes_are_done(panel, finish):
    finish(panel)
    assert "5 of 5 planes" in panel.display.status.text()
    assert (panel.display.bar.value, panel.display.bar.max) == (5, 5)


def test_only_the_range_is_segmented(panel, finish):
    panel.stack.planes.value = "A range"
    panel.stack.ranges["Z"].value = (1, 3)
    layer = finish(panel)
    assert [plane.any() for plane in layer.data] == [False, True, True, True, False]


def stop_after(panel, qtbot, done):
    """Start a run, and stop it when so many planes are done."""
    told = []

    def stop(news):
        if isinstance(news, PlaneDone):
            told.append(news)
            if news.done >= done:
                panel.stop()

    panel.start()
    run = panel.run
    run.progressed.connect(stop)
    qtbot.waitUntil(lambda: panel.run is None, timeout=TIMEOUT)
    wait_for_threads(qtbot)
    return run.layer


def test_stop_keeps_the_finished_planes_and_a_new_run_leaves_them_alone(panel, qtbot, finish):
    panel.show_settings(QUICK.change(strategy="each"))
    layer = stop_after(panel, qtbot, 1)
    assert layer.data[2].all()
    layer.paint((0, 5, 5), 99)
    painted = layer.data.copy()
    second = finish(panel)
    assert second is not layer
    np.testing.assert_array_equal(layer.data, painted)


@pytest.mark.parametrize("strategy", ["one", "follow", "each"])
def test_labels_on_disk_take_paint_and_undo_and_a_stopped_run_goes_on(
    panel, qtbot, finish, tmp_path, strategy
):
    folder = tmp_path / "labels.ome.zarr"
    panel.show_settings(QUICK.change(strategy=strategy))
    panel.stack.folder.value = folder
    layer = stop_after(panel, qtbot, 1)
    layer.data_setitem((np.array([2]), np.array([3]), np.array([4])), 77)
    assert LabelStore.open(folder).array[2, 3, 4] == 77
    layer.undo()
    before = LabelStore.open(folder).array[2]
    layer.data_setitem((np.array([2]), np.array([0]), np.array([0])), 77)
    again = finish(panel)
    stored = LabelStore.open(folder)
    assert stored.list_missing() == []
    assert stored.array[2, 0, 0] == 77
    np.testing.assert_array_equal(stored.array[2].ravel()[1:], before.ravel()[1:])
    assert again.data.shape == layer.data.shape


def test_another_run_into_the_same_folder_is_refused(panel, finish, tmp_path, viewer, capsys):
    panel.stack.folder.value = tmp_path / "labels.ome.zarr"
    finish(panel)
    count = len(viewer.layers)
    panel.mu.box.value = 3
    panel.start()
    assert panel.run is None
    assert len(viewer.layers) == count


def test_the_network_of_a_run_is_saved_and_labels_another_image(
    panel, finish, qtbot, tmp_path, viewer, planes
):
    first = finish(panel)
    path = tmp_path / "network.dynaseg.safetensors"
    panel.network.save(path)
    qtbot.waitUntil(path.exists, timeout=TIMEOUT)
    wait_for_threads(qtbot)
    assert TrainedNetwork.load(path).settings.channels == QUICK.channels
    other = viewer.add_image(planes[::-1].copy(), name="reversed", scale=SCALE, translate=(1, 2, 3))
    panel.image.value = other
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.network.load(path)
        run = panel.run
    np.testing.assert_array_equal(run.layer.data, first.data[::-1])
    wait_for_threads(qtbot)


def test_a_network_can_be_applied_to_the_plane_on_view_alone(
    panel, finish, qtbot, tmp_path, viewer
):
    first = finish(panel)
    path = tmp_path / "network.dynaseg.safetensors"
    panel.network.save(path)
    qtbot.waitUntil(path.exists, timeout=TIMEOUT)
    panel.stack.planes.value = "This plane"
    viewer.dims.set_current_step(0, 4)
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.network.load(path)
        run = panel.run
    np.testing.assert_array_equal(run.layer.data[4], first.data[4])
    assert not run.layer.data[:4].any()
    wait_for_threads(qtbot)


def test_a_file_that_is_no_network_is_told(qtbot, tmp_path, make_napari_viewer):
    make_napari_viewer()
    row = NetworkRow()
    qtbot.addWidget(row.native)
    loaded = []
    row.loaded.connect(loaded.append)
    path = tmp_path / "other.dynaseg.safetensors"
    path.write_bytes(b"nothing")
    row.load(path)
    assert loaded == []
    assert not row.save_button.enabled
