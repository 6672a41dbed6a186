"""Which planes a run through a stack takes, and where their labels lie."""

from dataclasses import replace

import numpy as np
import psutil
import pytest
from napari.components import ViewerModel

from napari_dynaseg._napari.layers.job import snapshot
from napari_dynaseg._napari.work.stack_plan import (
    begin_stack,
    choose_folder,
    choose_planes,
)
from napari_dynaseg.errors import FileError, SettingsError
from napari_dynaseg.files.label_store import LabelStore
from napari_dynaseg.image.selection import list_box
from napari_dynaseg.settings import Settings


@pytest.fixture
def job():
    viewer = ViewerModel()
    stack = np.random.default_rng(0).integers(0, 255, (4, 3, 2, 8, 6), np.uint8)
    labels = ("t", "z", "c", "y", "x")
    layer = viewer.add_image(stack, name="cells", axis_labels=labels, scale=(1, 2, 1, 0.5, 0.5))
    viewer.dims.set_point((0, 1), (2, 2))
    return snapshot(layer, viewer.dims)


def test_a_range_on_every_axis_makes_a_box_of_planes(job):
    same, box = choose_planes(job, [range(1, 3), range(3)])
    assert same is job
    positions = list_box(job.axes, box)
    assert len(positions) == 6
    assert positions[0] == (1, 0, None, None, None)
    assert positions[-1] == (2, 2, None, None, None)


def test_where_the_plane_on_view_is_beside_the_range_the_nearest_inside_is_trained_on(job):
    moved, box = choose_planes(job, [range(2), range(2)])
    assert moved.position == (1, 1, None, None, None)
    assert moved.position in list_box(job.axes, box)
    assert moved.pinned is None


@pytest.mark.parametrize("wanted", [range(0), range(3, 3), range(2, 5)])
def test_a_range_that_leaves_the_stack_is_refused(job, wanted):
    with pytest.raises(SettingsError, match="the range of T must be start:stop within 0:4, the"):
        choose_planes(job, [wanted, range(3)])


def test_labels_that_fit_lie_in_memory_over_all_planes(job):
    _, run = begin_stack(*choose_planes(job, [range(4), range(3)]), Settings())
    assert run.labels.array.shape == (4, 3, 1, 8, 6)
    assert (run.labels.array.dtype, run.plan.output) == (np.int32, None)
    with pytest.raises(FileError, match="the labels of cells are in memory, in no store"):
        run.store  # noqa: B018 (a property)


def test_labels_that_do_not_fit_lie_beside_the_image(job, tmp_path, monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 100}))
    object.__setattr__(job.stack, "path", str(tmp_path / "cells.tif"))
    (tmp_path / "cells.tif").touch()
    _, run = begin_stack(job, None, Settings())
    assert run.plan.output == tmp_path / "cells_segments.ome.zarr"
    assert run.labels.array.shape == (4, 3, 1, 8, 6)
    store = LabelStore.open(run.plan.output)
    assert store.description.scale == (1, 2, 1, 0.5, 0.5)


def test_a_folder_that_is_taken_is_left_alone(job, tmp_path):
    object.__setattr__(job.stack, "path", str(tmp_path / "cells.tif"))
    (tmp_path / "cells.tif").touch()
    (tmp_path / "cells_segments.ome.zarr").mkdir()
    assert choose_folder(job) == tmp_path / "cells_segments_2.ome.zarr"


def test_a_run_with_the_same_settings_goes_on_in_its_folder_and_another_is_refused(job, tmp_path):
    folder = tmp_path / "labels.ome.zarr"
    _, first = begin_stack(job, None, Settings(), folder)
    first.labels.write_plane(job.position, np.ones((8, 6), np.int32))
    _, again = begin_stack(job, None, Settings(), folder)
    assert again.labels.is_finished(job.position)
    with pytest.raises(FileError, match="mu"):
        begin_stack(job, None, Settings(mu=7), folder)


def test_a_stopped_run_is_trained_on_where_it_was_unless_the_plane_has_scribbles(job, tmp_path):
    ranges, folder = [range(4), range(3)], tmp_path / "labels.ome.zarr"
    begin_stack(*choose_planes(job, ranges), Settings(), folder)
    elsewhere = replace(job, position=(0, 1, None, None, None))
    moved, run = begin_stack(*choose_planes(elsewhere, ranges), Settings(), folder)
    assert moved.position == run.plan.start == job.position
    scribbled = replace(elsewhere, scribbled=np.eye(8, 6, dtype=np.int32))
    with pytest.raises(FileError, match=r"recipe\.start is \[2, 1, .* there and \[0, 1, "):
        begin_stack(*choose_planes(scribbled, ranges), Settings(), folder)
