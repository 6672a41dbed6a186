"""A stack into labels on disk: any stop, even a kill, leaves the labels of a run without one."""

import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import tifffile
from tests.stacks_drawn import segment_planes

from napari_dynaseg import Settings, TrainedNetwork
from napari_dynaseg.cli.app import main
from napari_dynaseg.errors import FileError, ImageError, SettingsError
from napari_dynaseg.files.label_store import LabelStore
from napari_dynaseg.files.sinks import PlanesInMemory
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.reader import open_image
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.stacks.plan import StackRun, plan_stack

SMALL = Settings(channels=8, iterations=3, device="cpu", minimum_labels=1, follow_iterations=2)
STRATEGIES = ("one", "follow", "each")

# The command, which stalls for good when it has called a method so many times.
STALLING = """
import sys
import time
from pathlib import Path
from napari_dynaseg.cli.app import main
from napari_dynaseg.files.label_store import LabelStore

home = {"write_plane": LabelStore, "touch": Path}[sys.argv[1]]
method, left = getattr(home, sys.argv[1]), int(sys.argv[2])

def stall(self, *arguments):
    global left
    left -= 1
    if left < 0:
        time.sleep(600)
    return method(self, *arguments)

setattr(home, sys.argv[1], stall)
main(sys.argv[3:])
"""


def draw(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 4000, shape).astype(np.uint16)


@pytest.fixture
def stack(tmp_path, monkeypatch):
    """A stack of 15 planes in a file, in the folder of the test."""
    monkeypatch.chdir(tmp_path)
    write_stack("stack.tif")
    return open_image("stack.tif")


def write_stack(name, seed=0):
    pixels = draw(5, 3, 2, 9, 8, seed=seed)
    tifffile.imwrite(name, pixels, imagej=True, metadata={"axes": "TZCYX"})


def finish(run):
    """Do all that is left of a run; gives how many steps and how many planes that was."""
    return len(list(run.train())) if not run.is_trained else 0, len(list(run.segment()))


def read_files(folder):
    """Read all files of a store but its description."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path != folder / "zarr.json"
    }


def segment_undisturbed(stack, path, network, **choice):
    """Segment a stack by a network without a break, and give the files of the store."""
    run = StackRun.begin(plan_stack(stack, path, network.settings, network=network, **choice))
    assert finish(run)[0] == 0
    return read_files(path)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_run_gives_the_labels_of_the_engine(stack, tmp_path, strategy):
    plan = plan_stack(stack, tmp_path / "a.zarr", SMALL.change(strategy=strategy), plane="T=1")
    run = StackRun.begin(plan)
    assert finish(run) == (3, 15)
    network = run.read_network()
    assert network.recipe.source.position == (1, 1, None, None, None)
    memory = PlanesInMemory(np.zeros((5, 3, 1, 9, 8), np.int32), stack.axes)
    list(segment_planes(stack, network, plan.positions, memory))
    for position in plan.positions:
        np.testing.assert_array_equal(run.store.read_plane(position), memory.read_plane(position))


def test_the_middle_plane_is_trained_on_with_others_spread_over_the_range(stack, tmp_path):
    plan = plan_stack(stack, tmp_path / "a.zarr", SMALL.change(training_planes=3), planes="T=1:5")
    axes = stack.axes
    assert plan.start == axes.place((2, 1))
    assert len(plan.positions) == 12
    assert len(set(plan.training)) == 3
    assert set(plan.training) <= set(plan.positions)


def test_a_plane_beside_the_range_is_replaced_by_the_nearest_in_it(stack, tmp_path):
    plan = plan_stack(stack, tmp_path / "a.zarr", SMALL, plane="T=0,Z=2", planes="T=2:4,Z=:2")
    assert plan.start == stack.axes.place((2, 1))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_range_is_segmented_and_nothing_beside_it(stack, tmp_path, strategy):
    plan = plan_stack(
        stack, tmp_path / "a.zarr", SMALL.change(strategy=strategy), planes="T=1:3,Z=1:3"
    )
    run = StackRun.begin(plan)
    assert finish(run) == (3, 4)
    missing = [at for at in stack.axes.list_positions() if at not in plan.positions]
    assert run.store.list_missing() == missing


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_run_that_is_stopped_between_planes_goes_on(stack, tmp_path, strategy):
    plan = plan_stack(stack, tmp_path / "a.zarr", SMALL.change(strategy=strategy))
    first = StackRun.begin(plan)
    list(first.train())
    planes = first.segment()
    done = list(islice(planes, 4))
    planes.close()
    second = StackRun.begin(plan)
    assert second.is_trained
    rest = list(second.segment())
    assert sorted(done + rest) == list(plan.positions)
    assert finish(StackRun.begin(plan)) == (0, 0)
    expected = segment_undisturbed(stack, tmp_path / "b.zarr", second.read_network())
    assert read_files(tmp_path / "a.zarr") == expected


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
@pytest.mark.parametrize(
    ("strategy", "method"),
    [("one", "touch"), ("follow", "touch"), ("follow", "write_plane"), ("each", "touch")],
)
def test_a_run_that_is_killed_goes_on_to_the_same_labels(stack, tmp_path, strategy, method):
    command = ["segment", "stack.tif", "-o", "a.zarr", "--strategy", strategy, "--channels", "8"]
    command += ["--iterations", "3", "--minimum-labels", "1", "--device", "cpu"]
    command += ["--follow-iterations", "2", "--save-network", "a.dynaseg.safetensors"]
    killed = [sys.executable, "-c", STALLING, method, "6", *command]
    with subprocess.Popen(killed, cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        wait_for_planes(process, tmp_path / "a.zarr", 6)
        process.kill()
    assert len(LabelStore.open(tmp_path / "a.zarr").list_missing()) == 9
    with pytest.raises(SystemExit) as end:
        main(command)
    assert end.value.code == 0
    network = TrainedNetwork.load(tmp_path / "a.dynaseg.safetensors")
    expected = segment_undisturbed(stack, tmp_path / "b.zarr", network)
    assert read_files(tmp_path / "a.zarr") == expected
    assert sum(name.startswith("0/c/") for name in expected) == 15


def wait_for_planes(process, path, count):
    """Wait until a process has finished some planes of a store."""
    deadline = time.monotonic() + 120
    while not path.exists() or 15 - len(LabelStore.open(path).list_missing()) < count:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_training_that_is_stopped_is_done_again(stack, tmp_path):
    plan = plan_stack(stack, tmp_path / "a.zarr", SMALL)
    training = StackRun.begin(plan).train()
    next(training)
    training.close()
    run = StackRun.begin(plan)
    with pytest.raises(FileError, match=r"a\.zarr holds no network yet"):
        run.read_network()
    assert finish(run) == (3, 15)


@pytest.mark.parametrize(
    ("settings", "choice", "told"),
    [
        (SMALL.change(mu=7), {}, r"recipe\.settings\.mu is 50\.0 there and 7\.0 here"),
        (SMALL, {"planes": "T=0:4"}, r"recipe\.last is \[4, 2, None, None, None\] there and"),
        (SMALL, {"plane": "T=0"}, r"recipe\.start is \[2, 1, None, None, None\] there and"),
    ],
)
def test_a_store_of_another_plan_is_refused_with_what_differs(
    stack, tmp_path, settings, choice, told
):
    StackRun.begin(plan_stack(stack, tmp_path / "a.zarr", SMALL))
    with pytest.raises(FileError, match=rf"a\.zarr was made for something else: .*{told}"):
        StackRun.begin(plan_stack(stack, tmp_path / "a.zarr", settings, **choice))


def test_a_store_of_other_pixels_is_refused(stack, tmp_path):
    StackRun.begin(plan_stack(stack, tmp_path / "a.zarr", SMALL))
    write_stack("stack.tif", seed=1)
    with pytest.raises(
        FileError, match=r"something else: the pixels of stack\.tif are not the same$"
    ):
        StackRun.begin(plan_stack(open_image("stack.tif"), tmp_path / "a.zarr", SMALL))


def test_a_file_is_known_from_wherever_it_is_called(stack, tmp_path, monkeypatch):
    StackRun.begin(plan_stack(stack, tmp_path / "a.zarr", SMALL))
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    again = open_image(Path("..", "stack.tif"))
    assert StackRun.begin(plan_stack(again, tmp_path / "a.zarr", SMALL)).list_missing()


def test_a_store_is_begun_anew_when_asked_and_nothing_else_is_removed(stack, tmp_path):
    plan = plan_stack(stack, tmp_path / "a.zarr", SMALL)
    finish(StackRun.begin(plan))
    run = StackRun.begin(plan_stack(stack, tmp_path / "a.zarr", SMALL.change(mu=7)), overwrite=True)
    assert len(run.list_missing()) == 15
    assert not run.is_trained
    (tmp_path / "b.zarr").mkdir()
    (tmp_path / "b.zarr" / "dear.txt").touch()
    with pytest.raises(FileError, match=r"b\.zarr is no store of labels"):
        StackRun.begin(plan_stack(stack, tmp_path / "b.zarr", SMALL), overwrite=True)
    assert (tmp_path / "b.zarr" / "dear.txt").exists()


def test_a_network_labels_another_stack_from_its_middle(stack, tmp_path):
    other = StackImage((draw(4, 2, 7, 6),), parse_axes("ZCYX", (4, 2, 7, 6)), "other")
    run = StackRun.begin(plan_stack(stack, tmp_path / "a.zarr", SMALL))
    list(run.train())
    network = run.read_network()
    plan = plan_stack(other, tmp_path / "b.zarr", SMALL, network=network)
    applied = StackRun.begin(plan)
    assert applied.is_trained
    assert next(applied.segment()) == (2, None, None, None)
    list(applied.segment())
    for position in plan.positions:
        expected = network.label(other.read_channels(position))
        np.testing.assert_array_equal(applied.store.read_plane(position), expected)


def test_a_network_of_other_channels_is_refused_before_a_store_is_made(stack, tmp_path):
    grey = StackImage((draw(4, 7, 6),), parse_axes("ZYX", (4, 7, 6)), "grey")
    run = StackRun.begin(plan_stack(stack, tmp_path / "a.zarr", SMALL))
    list(run.train())
    with pytest.raises(
        ImageError, match="grey: the number of channels must be that of the network, 2; got 1"
    ):
        plan_stack(grey, tmp_path / "b.zarr", SMALL, network=run.read_network())


def test_a_network_is_saved_beside_the_store_once_it_is_there(stack, tmp_path):
    goal = tmp_path / "a.dynaseg.safetensors"
    finish(StackRun.begin(plan_stack(stack, tmp_path / "a.zarr", SMALL)))
    run = StackRun.begin(plan_stack(stack, tmp_path / "a.zarr", SMALL, network_goal=goal))
    assert goal.read_bytes() == run.read_network().to_bytes()
    StackRun.begin(run.plan)
    other = plan_stack(stack, tmp_path / "b.zarr", SMALL, network_goal=goal)
    with pytest.raises(FileError, match=r"a\.dynaseg\.safetensors is there already; choose"):
        StackRun.begin(other)
    list(StackRun.begin(other, overwrite=True).train())
    assert TrainedNetwork.load(goal).settings == SMALL


def test_a_network_goes_into_a_file_of_its_kind_only(stack, tmp_path):
    with pytest.raises(FileError, match=r"ends in \.dynaseg\.safetensors; got .*a\.pt"):
        plan_stack(stack, tmp_path / "a.zarr", SMALL, network_goal=tmp_path / "a.pt")


def test_a_plane_that_is_not_there_is_refused(stack, tmp_path):
    with pytest.raises(SettingsError, match="the plane must have T from 0 to 4; got '5'"):
        plan_stack(stack, tmp_path / "a.zarr", SMALL, plane="T=5")


@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize("size", [(9, 8), (256, 270)])
def test_a_run_goes_on_when_the_network_that_it_trained_is_given_to_it(tmp_path, size, limited):
    settings = Settings(iterations=3, device="cpu", training_planes=2)
    axes = parse_axes("ZYX", (4, *size))
    stack = StackImage((draw(4, *size),), axes, "cells")
    mask, strokes = np.zeros((2, *size), np.int32)
    mask[2:, 1:7], strokes[3:5, 2] = 1, 30
    given = {"within": RegionOfInterest.of(mask, size), "scribbled": strokes} if limited else {}
    first = StackRun.begin(plan_stack(stack, tmp_path / "a.zarr", settings, plane="Z=3", **given))
    list(first.train())
    assert next(first.segment())
    first.read_network().save(tmp_path / "a.dynaseg.safetensors")
    network = TrainedNetwork.load(tmp_path / "a.dynaseg.safetensors")
    again = StackRun.begin(plan_stack(stack, tmp_path / "a.zarr", settings, network=network))
    assert finish(again) == (0, 3)
    undisturbed = plan_stack(stack, tmp_path / "b.zarr", settings, plane="Z=3", **given)
    finish(run := StackRun.begin(undisturbed))
    np.testing.assert_array_equal(again.store.array[:], run.store.array[:])


def test_a_run_that_trained_its_network_does_not_go_on_with_another(stack, tmp_path):
    first = StackRun.begin(plan_stack(stack, tmp_path / "a.zarr", SMALL))
    list(first.train())
    other = StackRun.begin(plan_stack(stack, tmp_path / "b.zarr", SMALL, plane="T=0"))
    list(other.train())
    plan = plan_stack(stack, tmp_path / "a.zarr", SMALL, network=other.read_network())
    with pytest.raises(FileError, match="else: its labels come from another network"):
        StackRun.begin(plan)
