"""Stacks on disk that the panel begins and the command line goes on with, and the reverse."""

import threading
from itertools import islice

import numpy as np
import pytest
import tifffile
from tests._napari.conftest import QUICK, TIMEOUT, open_panel
from tests._napari.panel.test_widget import wait_for_threads
from tests.stacks_drawn import train_network

from napari_dynaseg.cli.app import main
from napari_dynaseg.files.label_store import LabelStore
from napari_dynaseg.image.reader import open_image
from napari_dynaseg.recipes.trained_network import TrainedNetwork
from napari_dynaseg.stacks.plan import StackRun, plan_stack

PLANES = 6
KNOBS = ["--channels", "8", "--iterations", "12", "--minimum-labels", "1"]


def draw_stack(seed=0):
    """Draw planes of the size that users have: bright squares on a dark ground, with noise."""
    pixels = np.random.default_rng(seed).integers(0, 300, (PLANES, 256, 256), np.uint16)
    for z in range(PLANES):
        pixels[z, 40 : 120 + 10 * z, 60:180] += 2000
    return pixels


@pytest.fixture
def image(tmp_path, monkeypatch):
    """Write a stack into the folder of the test, with the size of its pixels."""
    monkeypatch.chdir(tmp_path)
    metadata = {"axes": "ZYX", "spacing": 2.0, "unit": "um"}
    tifffile.imwrite("cells.tif", draw_stack(), imagej=True, resolution=(4, 4), metadata=metadata)
    return tmp_path / "cells.tif"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "labels.ome.zarr"


@pytest.fixture
def panel(viewer, image, folder):
    """Give the panel over the stack, as napari opens it, with its third plane on view."""
    viewer.open(image, plugin="napari")
    viewer.dims.set_current_step(0, 3)
    panel = open_panel(viewer)
    panel.stack.planes.value = "All planes"
    panel.stack.folder.value = folder
    return panel


@pytest.fixture
def stop_early(qtbot, monkeypatch):
    """Give a function that starts a run of the panel, and stops it after its first plane."""
    write_plane = LabelStore.write_plane

    def start_and_stop(panel, network=None):
        is_written, is_stopped = threading.Event(), threading.Event()

        def write_and_wait(*arguments):
            write_plane(*arguments)
            is_written.set()
            is_stopped.wait(TIMEOUT / 1000)

        with monkeypatch.context() as patch:
            patch.setattr(LabelStore, "write_plane", write_and_wait)
            panel.start(network)
            qtbot.waitUntil(is_written.is_set, timeout=TIMEOUT)
            panel.stop()
            is_stopped.set()
            wait_for_threads(qtbot)

    return start_and_stop


def finish_by_command(command, *more):
    """Segment the stack by the command line; gives its exit status."""
    with pytest.raises(SystemExit) as end:
        main([*command, *more])
    return end.value.code


def test_a_run_that_the_panel_began_is_finished_by_the_command_line(
    panel, stop_early, folder, capsys
):
    stop_early(panel)
    begun = LabelStore.open(folder)
    network, first = begun.read_note("network"), begun.read_plane((3, None, None))
    assert len(begun.list_missing()) == PLANES - 1
    assert finish_by_command(["segment", "cells.tif", "-o", str(folder)], *KNOBS) == 0
    assert "6 planes, 1 of them before" in capsys.readouterr().out
    assert begun.list_missing() == []
    assert begun.read_note("network") == network
    np.testing.assert_array_equal(begun.read_plane((3, None, None)), first)


def test_a_run_that_the_command_line_began_is_finished_in_the_panel(panel, image, folder, finish):
    run = StackRun.begin(plan_stack(open_image("cells.tif"), folder, QUICK))
    list(run.train())
    (position,) = islice(run.segment(), 1)
    first, network = run.store.read_plane(position), run.store.read_note("network")
    assert finish(panel).data.shape == (PLANES, 256, 256)
    assert run.store.list_missing() == []
    assert run.store.read_note("network") == network
    np.testing.assert_array_equal(run.store.read_plane(position), first)
    for left in run.plan.positions:
        expected = run.read_network().label(run.plan.stack.read_channels(left))
        np.testing.assert_array_equal(run.store.read_plane(left), expected)


def train(scribbled=None):
    """Train a network on the same plane of the stack with the same settings."""
    stack = open_image("cells.tif")
    return train_network(stack, QUICK, [(3, None, None)], scribbled=scribbled)


def test_labels_of_one_network_do_not_go_on_as_those_of_another(
    panel, stop_early, folder, capsys, monkeypatch
):
    told = []
    monkeypatch.setattr("napari_dynaseg._napari.work.notifications.show_error", told.append)
    scribbled = np.zeros((256, 256), np.int32)
    scribbled[60:90, 70:90], scribbled[:20, :20] = 1, 2
    first, second = train(), train(scribbled)
    stop_early(panel, first)
    begun = LabelStore.open(folder)
    missing = begun.list_missing()
    panel.start(second)
    assert panel.run is None
    second.save(folder.with_name("second.dynaseg.safetensors"))
    command = ["segment", "cells.tif", "-o", str(folder)]
    assert finish_by_command(command, "--network", "second.dynaseg.safetensors") == 2
    sentence = f"{folder} was made for something else: its labels come from another network"
    assert told == [sentence]
    assert capsys.readouterr().err.strip().endswith(sentence)
    assert begun.list_missing() == missing
    first.save(folder.with_name("first.dynaseg.safetensors"))
    assert finish_by_command(command, "--network", "first.dynaseg.safetensors") == 0
    assert begun.list_missing() == []


def test_labels_go_on_by_the_saved_network_that_was_trained_for_them(
    panel, stop_early, folder, capsys
):
    stop_early(panel)
    begun = LabelStore.open(folder)
    saved = folder.with_name("own.dynaseg.safetensors")
    saved.write_bytes(begun.read_note("network"))
    stop_early(panel, TrainedNetwork.load(saved))
    assert len(begun.list_missing()) == PLANES - 2
    command = ["segment", "cells.tif", "-o", str(folder)]
    assert finish_by_command(command, "--network", saved.name) == 0
    assert "6 planes, 2 of them before" in capsys.readouterr().out
    assert begun.read_note("network") == saved.read_bytes()


@pytest.mark.parametrize("edited", [3, PLANES - 1])
def test_labels_of_a_plane_whose_pixels_were_edited_do_not_go_on(
    panel, stop_early, qtbot, folder, viewer, monkeypatch, edited
):
    told = []
    monkeypatch.setattr("napari_dynaseg._napari.work.task.show_error", told.append)
    stop_early(panel)
    begun, count = LabelStore.open(folder), len(viewer.layers)
    missing = begun.list_missing()
    viewer.layers["cells"].data[edited, 7, 7] += 1
    with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
        panel.start()
    wait_for_threads(qtbot)
    assert told == [f"{folder} was made for something else: the pixels of cells are not the same"]
    assert begun.list_missing() == missing
    assert len(viewer.layers) == count


def test_a_stopped_run_goes_on_from_the_plane_it_was_trained_on_whichever_is_on_view(
    panel, stop_early, folder, viewer, finish
):
    stop_early(panel)
    network = LabelStore.open(folder).read_note("network")
    viewer.dims.set_current_step(0, 0)
    finish(panel)
    assert LabelStore.open(folder).list_missing() == []
    assert LabelStore.open(folder).read_note("network") == network
