"""The benchmarks from a checkout: what goes wrong is one line, and none of it is in vain."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run_module(*arguments):
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_package_runs_from_a_checkout():
    done = run_module("--help")
    assert done.returncode == 0
    assert "Usage: python -m benchmarks" in done.stdout
    for command in ("accuracy", "speed", "cost", "quality", "stack", "responsiveness", "tree"):
        assert command in done.stdout


def test_a_bad_call_is_one_line_and_exit_status_2():
    done = run_module("accuracy", "bsds500", "nowhere")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("napari-dynaseg: error: nowhere must hold images/val/*.jpg")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["speed", "missing.tif"], "missing.tif"),
        (["speed", "--size", "many"], "Invalid value for '--size'"),
        (["speed", "--scheme", "odd"], "scheme must be"),
        (["sped"], "No such command 'sped'"),
        (["accuracy", "bsds500", "nowhere", "--methods", "ncut"], "there is no method 'ncut'"),
        (["scribbles", "nowhere"], "nowhere must hold images"),
        (["consistency", "missing.tif"], "missing.tif"),
    ],
)
def test_whatever_is_wrong_with_a_call_is_one_line(call, arguments, words):
    status, out, err = call(*arguments)
    assert (status, out) == (2, "")
    (line,) = err.splitlines()
    assert words in line


def test_a_file_that_cannot_take_the_figures_is_refused_before_anything_is_measured(
    call, tmp_path, monkeypatch
):
    monkeypatch.setattr("benchmarks.peak_memory.measure_peak", None)
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "figures.json"):
        status, out, err = call("cost", "64", "--json", path)
        assert (status, out, len(err.splitlines())) == (2, "", 1)


def test_the_folder_of_the_figures_is_made(call, tmp_path, monkeypatch):
    row = {"bytes": 1, "process_bytes": 1, "seconds": 1}
    monkeypatch.setattr("benchmarks.peak_memory.measure_peak", lambda *_, **__: row)
    assert call("cost", "64", "--json", tmp_path / "new" / "figures.json")[0] == 0
    assert (tmp_path / "new" / "figures.json").exists()
