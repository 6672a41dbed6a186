"""The tools of a checkout clean up after themselves, and speak when something is wrong."""

import configparser
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parent.parent
MARK = "DYNASEG_TEST_MARK"


def list_displays(mark):
    """List the virtual displays that a process with this mark in its environment started."""
    displays = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "Xvfb":
            try:
                displays += [process] if process.environ().get(MARK) == mark else []
            except psutil.Error:
                continue  # another's, or gone by now
    return displays


@pytest.mark.skipif(sys.platform != "linux", reason="virtual displays are Linux's")
def test_the_pass_with_pyside6_leaves_no_virtual_display_behind(tmp_path):
    pytest.importorskip("PySide6")
    test = "import os\n\ndef test_display():\n    assert os.environ['DISPLAY']\n"
    (tmp_path / "test_display.py").write_text(test)
    tool = str(ROOT / "tools" / "pytest_pyside6.py")
    done = subprocess.run(
        [sys.executable, tool, "-q", "-c", os.devnull, "--rootdir", str(tmp_path), str(tmp_path)],
        check=False,
        env={**os.environ, MARK: str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=200,
    )
    left = list_displays(str(tmp_path))
    for display in left:
        display.terminate()
    assert done.returncode == 0, done.stdout + done.stderr
    assert left == []


def test_a_machine_that_can_draw_no_window_ends_the_check_before_it_installs_anything():
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    assert tox["tox"]["env_list"].startswith("system,")
    assert tox["testenv"]["fail_fast"] == "true"
    assert "fail_fast" not in tox["tox"]


@pytest.fixture
def system_libraries(monkeypatch, tmp_path):
    """Load the tool that installs system libraries, with an apt-get of the test's own."""
    path = ROOT / "tools" / "system_libraries.py"
    specification = importlib.util.spec_from_file_location("system_libraries", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return module


def write_apt_get(folder, status):
    """Write an apt-get that talks much, and ends with this status."""
    program = folder / "apt-get"
    program.write_text(f"#!/bin/sh\nyes 'Get: 1 of 430' | head -n 430\nexit {status}\n")
    program.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="apt-get is Debian's")
def test_installing_system_libraries_takes_one_line(system_libraries, tmp_path, capfd):
    write_apt_get(tmp_path, 0)
    system_libraries.install(["libegl1", "xvfb"])
    assert capfd.readouterr().out == "Installing libegl1 xvfb\n"


@pytest.mark.skipif(sys.platform == "win32", reason="apt-get is Debian's")
def test_all_that_apt_get_says_is_shown_where_it_fails(system_libraries, tmp_path, capfd):
    write_apt_get(tmp_path, 100)
    system_libraries.install(["libegl1"])
    assert capfd.readouterr().err.count("Get: 1 of 430\n") == 430
