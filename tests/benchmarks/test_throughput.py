"""The benchmark of whole stacks: its figures are there and hang together."""

import json

import numpy as np
import pytest
import zarr
from benchmarks.throughput import draw_stack, find_rate, measure_stack

from napari_dynaseg.cli.app import main
from napari_dynaseg.errors import RunError, SettingsError


def test_planes_of_a_drawn_stack_differ(tmp_path):
    draw_stack(tmp_path / "image.zarr", 3, 40)
    array = zarr.open_array(tmp_path / "image.zarr", mode="r")
    assert array.shape == (3, 40, 40)
    assert array.chunks == (1, 40, 40)
    np.testing.assert_array_equal(array[1], np.roll(array[0], 7, axis=(0, 1)))
    assert (array[1] != array[0]).any()


def test_the_first_plane_of_each_worker_is_left_out_of_the_rate():
    # Four planes in the two seconds after the second.
    assert find_rate([5.0, 6.0, 7.0, 7.0, 8.0, 8.0], 2) == 2


def test_as_many_workers_as_planes_are_refused():
    with pytest.raises(SettingsError, match="got 2 planes and 2 workers"):
        measure_stack(2, 32, 2)


def test_a_process_that_fails_is_reported():
    with pytest.raises(RunError, match="could not be measured"):
        measure_stack(2, 1)


def test_the_command_writes_nested_figures(tmp_path, capsys):
    report = tmp_path / "stack.json"
    command = ["benchmark", "stack", "--planes", "3", "--size", "32", "--workers", "1"]
    with pytest.raises(SystemExit) as end:
        main([*command, "--json", str(report)])
    assert end.value.code == 0
    printed = capsys.readouterr().out
    assert "| 1 workers | 3 |" in printed
    assert "3 of them take" in printed
    figures = json.loads(report.read_text())
    assert figures["shape"] == [3, 32, 32]
    few, every = figures["few"], figures["one_process"]
    assert few["planes"] == every["planes"] == 3
    assert figures["memory_ratio"] == pytest.approx(every["process_bytes"] / few["process_bytes"])
    for mine in (few, every, figures["workers"]):
        assert mine["planes_per_s"] > 0
