"""What is built from the sources holds all that the plugin needs."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

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
