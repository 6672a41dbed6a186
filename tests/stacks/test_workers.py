"""Planes shared out over processes: the labels of one process, and none lost with a worker."""

import os
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path

import dask
import numpy as np
import pytest
from dask.system import CPU_COUNT
from tests.stacks_drawn import segment_planes, train_network

from napari_dynaseg import Settings
from napari_dynaseg.errors import FileError, RunError, SettingsError
from napari_dynaseg.files.label_store import LabelStore
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.image.stored_array import LazyArray
from napari_dynaseg.stacks.workers import open_client, segment_on_cluster

SMALL = Settings(channels=8, iterations=3, device="cpu", minimum_labels=1)
PIXELS = np.random.default_rng(0).integers(0, 4000, (8, 2, 9, 8)).astype(np.uint16)
AXES = parse_axes("TCYX", PIXELS.shape)
HELD = 5


class Holding:
    """A stack in a folder whose reading can be held back.

    While a file "hold" is there, reading one plane lasts, and says where; while "hold but one" is
    there, reading lasts for all planes but the first that is read, whichever that is: the order
    is dask's to choose.
    """

    shape, dtype = PIXELS.shape, PIXELS.dtype

    def __init__(self, folder):
        self.folder = folder

    def __getitem__(self, index):
        if index[0] == HELD and (self.folder / "hold").exists():
            part = self.folder / "part"
            part.write_text(str(os.getpid()))
            part.rename(self.folder / "held")
            while (self.folder / "hold").exists():
                time.sleep(0.01)
        if (self.folder / "hold but one").exists() and not self.is_first():
            while (self.folder / "hold but one").exists():
                time.sleep(0.01)
        if (self.folder / "broken").exists():
            raise OSError("the disk is gone")
        return PIXELS[index]

    def is_first(self):
        try:
            (self.folder / "first").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


def kill_holder(folder, lost):
    """Kill the process that reads the plane held back, then let it be read."""
    while not (folder / "held").exists():
        time.sleep(0.01)
    lost.append(int((folder / "held").read_text()))
    os.kill(lost[0], signal.SIGKILL)
    (folder / "hold").unlink()


def read_files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def create_store(path):
    return LabelStore.create(path, AXES, {"mu": 5})


@pytest.fixture(scope="module")
def client():
    with open_client(SMALL, workers=2) as client:
        yield client


@pytest.fixture
def stack(tmp_path):
    return StackImage((LazyArray(partial(Holding, tmp_path)),), AXES, "cells")


@pytest.fixture(scope="module")
def network():
    return train_network(StackImage((PIXELS,), AXES, "cells"), SMALL, [AXES.place([4])])


def segment_alone(network, path):
    """Segment the stack in this process, and give the files of the store."""
    image = StackImage((PIXELS,), AXES, "cells")
    list(segment_planes(image, network, list(AXES.list_positions()), create_store(path)))
    return read_files(path)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_a_worker_that_is_killed_loses_no_plane(client, stack, network, tmp_path):
    (tmp_path / "hold").touch()
    lost = []
    killer = threading.Thread(target=kill_holder, args=(tmp_path, lost))
    killer.start()
    store = create_store(tmp_path / "labels.zarr")
    finished = list(segment_on_cluster(client, stack, network, list(AXES.list_positions()), store))
    killer.join()
    assert lost
    assert lost[0] not in client.run(os.getpid).values()
    assert sorted(finished) == list(AXES.list_positions())
    assert read_files(store.path) == segment_alone(network, tmp_path / "alone.zarr")


def test_only_the_planes_asked_for_are_done(client, stack, network, tmp_path):
    store = create_store(tmp_path / "labels.zarr")
    wanted = [AXES.place([at]) for at in (1, 6)]
    assert sorted(segment_on_cluster(client, stack, network, wanted, store)) == wanted
    assert len(store.list_missing()) == len(PIXELS) - 2
    assert list(segment_on_cluster(client, stack, network, [], store)) == []


def test_workers_share_the_cores_and_leave_dask_as_it_is(client):
    def count_threads():
        import torch

        return torch.get_num_threads()

    client.wait_for_workers(2, timeout=60)
    assert client.submit(count_threads, pure=False).result() == max(1, CPU_COUNT // 2)
    assert sorted(client.nthreads().values()) == [1, 1]
    assert dask.config.get("scheduler", None) is None


def test_a_plane_that_cannot_be_read_is_named(client, stack, network, tmp_path):
    (tmp_path / "broken").touch()
    store = create_store(tmp_path / "labels.zarr")
    with pytest.raises(FileError, match="cells: T=3 cannot be read: the disk is gone"):
        list(segment_on_cluster(client, stack, network, [AXES.place([3])], store))
    assert len(store.list_missing()) == len(PIXELS)


def test_a_running_scheduler_does_the_same(client, stack, network, tmp_path):
    store = create_store(tmp_path / "labels.zarr")
    with open_client(SMALL, scheduler=client.scheduler.address) as other:
        list(segment_on_cluster(other, stack, network, list(AXES.list_positions()), store))
    assert store.list_missing() == []


def test_a_cluster_that_ends_is_told_and_keeps_what_is_finished(stack, network, tmp_path):
    store = create_store(tmp_path / "labels.zarr")
    (tmp_path / "hold but one").touch()
    with open_client(SMALL, workers=1) as client:
        run = segment_on_cluster(client, stack, network, list(AXES.list_positions()), store)
        first = next(run)
        client.shutdown()
        with pytest.raises(RunError, match="the cluster was lost, finished planes are kept"):
            list(run)
    assert store.is_finished(first)


def test_no_cluster_is_made_where_none_is_wanted():
    with open_client(SMALL) as client:
        assert client is None


@pytest.mark.parametrize("strategy", ["follow", "each"])
def test_planes_that_need_their_neighbours_are_refused(strategy):
    told = f"with strategy one; got strategy {strategy}, where each plane needs its neighbour first"
    settings = SMALL.change(strategy=strategy)
    with pytest.raises(SettingsError, match=told), open_client(settings, workers=2):
        pass


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ({"workers": 0}, "workers must be a whole number from 1; got 0"),
        ({"workers": 2, "scheduler": "tcp://a:1"}, "a scheduler or a number of workers; got both"),
    ],
)
def test_a_cluster_that_cannot_be_is_refused(choice, told):
    with pytest.raises(SettingsError, match=told), open_client(SMALL, **choice):
        pass


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere://x"])
def test_a_scheduler_that_does_not_answer_is_told(address, monkeypatch):
    monkeypatch.setattr("napari_dynaseg.stacks.workers.LONGEST_SILENCE", 0.5)
    with (
        pytest.raises(RunError, match=f"no scheduler answers at {address}: "),
        open_client(SMALL, scheduler=address),
    ):
        pass


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    told = r"need dask\.distributed: pip install 'napari-dynaseg\[cluster\]'"
    with pytest.raises(SettingsError, match=told), open_client(SMALL, workers=1):
        pass


def test_the_paths_of_a_store_reach_workers_that_are_elsewhere(
    client, stack, network, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    store = create_store(Path("labels.zarr"))
    list(segment_on_cluster(client, stack, network, [AXES.place([0])], store))
    assert store.is_finished(AXES.place([0]))
