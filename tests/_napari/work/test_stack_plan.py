"""Which planes a run through a stack takes, and where their labels lie."""

import numpy as np
import psutil
import pytest
from napari.components import ViewerModel

from napari_dynaseg._napari.layers.job import snapshot
from napari_dynaseg._napari.work.stack_plan import choose_folder, choose_planes, plan_stack
from napari_dynaseg.errors import FileError, ImageError
from napari_dynaseg.files.label_store import LabelStore
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
    same, positions = choose_planes(job, [range(1, 3), range(3)])
    assert same is job
    assert len(positions) == 6
    assert positions[0] == (1, 0, None, None, None)
    assert positions[-1] == (2, 2, None, None, None)


def test_where_the_plane_on_view_is_beside_the_range_the_nearest_inside_is_trained_on(job):
    moved, positions = choose_planes(job, [range(2), range(2)])
    assert moved.position == (1, 1, None, None, None)
    assert moved.position in positions
    assert moved.pinned is None


@pytest.mark.parametrize("wanted", [range(0), range(3, 3), range(2, 5)])
def test_a_range_that_leaves_the_stack_is_refused(job, wanted):
    with pytest.raises(ImageError, match="the range on axis T must lie between 0 and 3"):
        choose_planes(job, [wanted, range(3)])


def test_labels_that_fit_lie_in_memory_over_all_planes(job):
    _, positions = choose_planes(job, [range(4), range(3)])
    plan = plan_stack(job, positions, Settings())
    assert plan.array.shape == (4, 3, 1, 8, 6)
    assert (plan.array.dtype, plan.folder) == (np.int32, None)


def test_labels_that_do_not_fit_lie_beside_the_image(job, tmp_path, monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 100}))
    object.__setattr__(job.stack, "path", str(tmp_path / "cells.tif"))
    (tmp_path / "cells.tif").touch()
    plan = plan_stack(job, (job.position,), Settings())
    assert plan.folder == tmp_path / "cells_segments.ome.zarr"
    assert plan.array.shape == (4, 3, 1, 8, 6)
    store = LabelStore.open(plan.folder)
    assert store.description.scale == (1, 2, 1, 0.5, 0.5)


def test_a_folder_that_is_taken_is_left_alone(job, tmp_path):
    object.__setattr__(job.stack, "path", str(tmp_path / "cells.tif"))
    (tmp_path / "cells.tif").touch()
    (tmp_path / "cells_segments.ome.zarr").mkdir()
    assert choose_folder(job) == tmp_path / "cells_segments_2.ome.zarr"


def test_a_run_with_the_same_settings_goes_on_in_its_folder_and_another_is_refused(job, tmp_path):
    folder = tmp_path / "labels.ome.zarr"
    first = plan_stack(job, (job.position,), Settings(), folder)
    first.results.write_plane(job.position, np.ones((8, 6), np.int32))
    again = plan_stack(job, (job.position,), Settings(), folder)
    assert again.results.is_finished(job.position)
    with pytest.raises(FileError, match="mu"):
        plan_stack(job, (job.position,), Settings(mu=7), folder)
