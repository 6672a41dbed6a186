"""Run pytest with PySide6 in PyQt6's place, on every system alike.

The choice has to stand in the environment before anything imports Qt.
"""

import ctypes
import importlib
import os
import sys

# PySide6 takes back more references to None than it took, and Python 3.11 aborts when none are
# left, which many viewers bring about. From 3.12 on None cannot be used up; here it is given as
# many references as will do.
if sys.version_info < (3, 12):
    ctypes.c_ssize_t.from_address(id(None)).value += 1 << 40

os.environ.update(QT_API="pyside6", PYTEST_QT_API="pyside6")

import pytest

if __name__ == "__main__":
    status = pytest.main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # pytest-xvfb stops its display when Python shuts down, which it does not here.
    importlib.import_module("pytest_xvfb").shutdown_xvfb()
    # Python's own shutdown would tear down Qt's objects in an order that PySide6 may not survive.
    os._exit(int(status))
