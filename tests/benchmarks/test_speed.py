"""The speed benchmark: its figures are there and hang together."""

import json

import numpy as np
import pytest
from benchmarks.peak_memory import measure_peak
from benchmarks.published import PublishedLoop
from benchmarks.speed import count_operations, measure_gemm_peak

from napari_dynaseg.cli.app import main
from napari_dynaseg.engine.backend import torch
from napari_dynaseg.errors import RunError
from napari_dynaseg.image.synthetic import draw_image
from napari_dynaseg.method.run import iter_fit
from napari_dynaseg.settings import Settings

SMALL = Settings(channels=8, iterations=3, minimum_labels=1, quality="exact", device="cpu")


def test_the_published_loop_and_ours_count_the_same_labels():
    plane = np.random.default_rng(0).random((3, 20, 30), dtype=np.float32)
    loop = PublishedLoop(plane, SMALL, torch.device("cpu"))
    ours = [step.labels_in_use for step in iter_fit(plane, SMALL)]
    assert [loop.take_step() for _ in range(3)] == ours


def test_the_command_writes_nested_figures(tmp_path, capsys):
    report = tmp_path / "speed.json"
    with pytest.raises(SystemExit) as end:
        main(["benchmark", "speed", "--size", "48", "--json", str(report)])
    assert end.value.code == 0
    assert "times as fast as published" in capsys.readouterr().out
    figures = json.loads(report.read_text())
    published = figures["published"]["seconds_per_iteration"]
    assert figures["device"] in ("cpu", "cuda", "mps")
    assert figures["exact"]["seconds_per_iteration"] > 0
    assert figures["exact"]["ratio"] > 0
    assert figures["exact"]["bytes_per_pixel"] > 0
    fast = figures["fast"]
    assert 0 < fast["first_preview_s"] <= fast["final_s"]
    assert fast["ratio_to_500"] == pytest.approx(500 * published / fast["final_s"])


def test_an_image_and_a_size_together_are_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        main(["benchmark", "speed", str(tmp_path / "cells.tif"), "--size", "48"])
    assert end.value.code == 2
    assert "got both an image and a size" in capsys.readouterr().err


def test_operations_are_counted_as_by_hand():
    # 2 × 9 × 3 × 4 forward and again for the kernels; thrice 2 × 9 × 4 × 4; thrice 2 × 4 × 4.
    plane = np.zeros((3, 5, 2), np.float32)
    settings = Settings(channels=4)
    assert count_operations(plane, settings) == 10 * (2 * 216 + 3 * 288 + 3 * 32)


def test_the_matrix_product_reaches_something():
    assert measure_gemm_peak(torch.device("cpu"), side=64, rounds=2) > 1e6
    assert torch.get_num_threads() >= 1


def test_an_image_of_any_size_is_drawn():
    assert draw_image(30, 700, 1).shape == (30, 700)
    assert draw_image(30, 20, 3).shape == (30, 20, 3)


def test_a_run_that_fails_is_reported():
    with pytest.raises(RunError, match="could not be measured: .*mu must be"):
        measure_peak((20, 20, 1), mu=-1)
