"""Make sure that this machine can draw a window: the system libraries of Qt, and Xvfb.

Does nothing outside Linux. What is missing is installed where that can be done (root on Debian
or Ubuntu); otherwise the script ends with the command that installs it.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# What a window of Qt 6 loads that no wheel brings, and the Debian package it is in.
PACKAGE_OF_LIBRARY = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libOpenGL.so.0": "libopengl0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
PACKAGE_OF_PROGRAM = {"Xvfb": "xvfb", "xvfb-run": "xvfb", "xauth": "xauth", "git": "git"}
PACKAGE_OF_FILE = {
    "/usr/lib*/**/dri/*_dri.so": "libgl1-mesa-dri",
    "/usr/share/fonts/**/*.ttf": "fonts-dejavu-core",
}


def find_missing_packages() -> list[str]:
    """List the Debian packages that are missing, each once."""
    return sorted(set(_iter_missing()))


def _iter_missing() -> Iterator[str]:
    for library, package in PACKAGE_OF_LIBRARY.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            yield package
    for program, package in PACKAGE_OF_PROGRAM.items():
        if shutil.which(program) is None:
            yield package
    for pattern, package in PACKAGE_OF_FILE.items():
        if not any(Path("/").glob(pattern.lstrip("/"))):
            yield package


def can_install() -> bool:
    """Tell whether packages can be installed here without asking: root, with apt-get."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: list[str]) -> None:
    """Install Debian packages, in a line; what apt-get says is shown where it fails."""
    print("Installing", *packages)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    for step in (["apt-get", "update", "-q"], command):
        done = subprocess.run(step, check=False, env=environment, capture_output=True, text=True)
        if done.returncode:
            print(done.stdout + done.stderr, file=sys.stderr)
            return


def main() -> int:
    """Check, install, or say what to type."""
    missing = find_missing_packages() if sys.platform == "linux" else []
    if missing and can_install():
        install(missing)
        missing = find_missing_packages()
    if missing:
        print("To draw windows, this machine needs some packages. Type:", file=sys.stderr)
        print(
            "  sudo apt-get update && sudo apt-get install --no-install-recommends "
            + " ".join(missing),
            file=sys.stderr,
        )
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
