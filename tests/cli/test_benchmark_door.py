"""The door to the benchmarks: found in a checkout, and told of where there is none."""

import json
import sys
from pathlib import Path

import pytest

import napari_dynaseg
from napari_dynaseg.cli.benchmark_door import find_checkout
from napari_dynaseg.errors import FileError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """Pretend a plain install, far from any checkout."""
    packages = tmp_path / "env" / "lib" / "python3" / "site-packages" / "napari_dynaseg"
    monkeypatch.setattr(napari_dynaseg, "__file__", str(packages / "__init__.py"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def make_checkout(folder):
    (folder / "benchmarks").mkdir(parents=True)
    (folder / "benchmarks" / "commands.py").write_text("")
    return folder


def test_an_editable_install_finds_its_own_checkout(nowhere, monkeypatch):
    checkout = make_checkout(nowhere / "checkout")
    package = checkout / "src" / "napari_dynaseg" / "__init__.py"
    monkeypatch.setattr(napari_dynaseg, "__file__", str(package))
    make_checkout(nowhere / "work")
    assert find_checkout() == checkout


def test_a_plain_install_finds_the_current_folder(nowhere):
    make_checkout(nowhere / "work")
    assert find_checkout() == nowhere / "work"


def test_a_plain_install_finds_the_checkout_that_its_environment_lies_in(nowhere, monkeypatch):
    checkout = make_checkout(nowhere / "checkout")
    monkeypatch.setattr(sys, "prefix", str(checkout / ".venv"))
    assert find_checkout() == checkout


def test_without_a_checkout_it_is_said_where_the_benchmarks_are(nowhere):
    with pytest.raises(FileError, match="in a checkout of the source, not in the package"):
        find_checkout()


@pytest.mark.parametrize("arguments", [(), ("--help",), ("speed", "--size", "48")])
def test_without_a_checkout_every_call_is_one_line_and_exit_status_2(
    nowhere, run_command, arguments
):
    status, out, err = run_command("benchmark", *arguments)
    assert (status, out) == (2, "")
    (line,) = err.splitlines()
    assert "python -m benchmarks" in line


def test_the_door_passes_its_help_on(run_command):
    status, out, _ = run_command("benchmark", "--help")
    assert status == 0
    assert "Usage: napari-dynaseg benchmark " in out
    assert "responsiveness" in out
    assert run_command("benchmark") == (0, out, "")
    assert "--json" in run_command("benchmark", "speed", "--help")[1]


def test_the_door_passes_arguments_and_errors_on(run_command):
    status, out, err = run_command("benchmark", "speed", "missing.tif", "--json", "speed.json")
    assert (status, out) == (2, "")
    assert err.startswith("napari-dynaseg: error: missing.tif")


def test_what_another_program_calls_measures_an_image_from_any_folder(run_command, tmp_path):
    import imageio.v3 as imageio
    import numpy as np

    pixels = np.random.default_rng(0).integers(0, 255, (40, 48, 3), np.uint8)
    imageio.imwrite(tmp_path / "cells.png", pixels)
    status, _, _ = run_command("benchmark", "speed", "cells.png", "--json", "speed.json")
    assert status == 0
    assert json.loads((tmp_path / "speed.json").read_text())["shape"] == [3, 40, 48]
