"""Run pytest with PySide6 in PyQt6's place, on every system alike.

The choice has to stand in the environment before anything imports Qt.
"""

import os
import sys

os.environ.update(QT_API="pyside6", PYTEST_QT_API="pyside6")

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(sys.argv[1:]))
