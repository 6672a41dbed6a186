"""Whether this machine can show a window, and a virtual display for where it cannot."""

import os
import shutil
import subprocess
import sys

SCREEN = "-screen 0 1600x1000x24"
OPEN_A_WINDOW = "from qtpy.QtWidgets import QApplication; QApplication([])"


def has_display() -> bool:
    """Tell whether there is a display to draw on; only Linux may be without."""
    return sys.platform != "linux" or bool({"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ))


def can_open_windows() -> bool:
    """Tell whether Qt can open a window here; tried in a process of its own.

    A Qt that lacks a system library ends its process, which no exception handler survives.
    """
    if not has_display():
        return False
    probe = subprocess.run([sys.executable, "-c", OPEN_A_WINDOW], capture_output=True, check=False)
    return probe.returncode == 0


def find_virtual_display() -> list[str]:
    """Find the words before a command that run it on a virtual display; none without Xvfb."""
    wrapper = shutil.which("xvfb-run")
    return [wrapper, "-a", "-s", SCREEN] if wrapper else []
