"""What is built from the sources holds all that the plugin needs."""

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
MANIFEST = (ROOT / "napari.yaml").read_bytes()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build the sdist, and the wheel from the sdist, as an installer does."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return folder


def test_the_wheel_holds_the_manifest_and_the_types(built):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("napari_dynaseg/napari.yaml") == MANIFEST
        assert "napari_dynaseg/py.typed" in archive.namelist()
        (metadata,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert b"napari_dynaseg:napari.yaml" in archive.read(metadata)
        assert b"napari_dynaseg.cli.app:main" in archive.read(metadata)


def test_the_wheel_is_pure_python_and_brings_no_qt_binding(built):
    (wheel,) = built.glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        required = [
            line
            for line in archive.read(name).decode().splitlines()
            if line.startswith("Requires-Dist") and "extra ==" not in line
        ]
    assert required
    assert not [line for line in required if "pyqt6" in line.lower() or "pyside" in line.lower()]


def test_the_wheel_holds_the_package_alone_and_not_its_benchmarks(built):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    (information,) = tops - {"napari_dynaseg"}
    assert information.endswith(".dist-info")


def test_the_source_distribution_holds_the_manifest_once_as_a_file(built):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = [name for name in archive.getnames() if name.count("/") == 1]
        (manifest,) = (name for name in names if name.endswith("/napari.yaml"))
        assert archive.extractfile(manifest).read() == MANIFEST


def read_bounds():
    """Read the lower bounds of all that the plugin and its extras need, by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    bounds = {}
    for requirement in map(Requirement, project["dependencies"] + extras):
        for bound in requirement.specifier:
            assert bound.operator == ">="
            bounds.setdefault(canonicalize_name(requirement.name), []).append(bound.version)
    return {name: [Version(text) for text in texts] for name, texts in bounds.items()}


def read_pins(name):
    """Read the versions that a file of constraints pins, by name."""
    lines = (ROOT / "constraints" / name).read_text(encoding="utf-8").splitlines()
    pins = (Requirement(line) for line in lines if not line.startswith("#"))
    return {canonicalize_name(pin.name): Version(next(iter(pin.specifier)).version) for pin in pins}


def test_the_lowest_versions_tested_are_the_lower_bounds_that_are_promised():
    pins, bounds = read_pins("lowest.txt"), read_bounds()
    assert len(bounds) >= 20
    assert {name: set(versions) for name, versions in bounds.items()} == {
        name: {pins.get(name)} for name in bounds
    }


def test_the_versions_last_tested_are_within_the_bounds():
    pins = read_pins("tested.txt")
    bounds = {name: max(versions) for name, versions in read_bounds().items()}
    assert {name for name, bound in bounds.items() if pins[name] < bound} == set()
