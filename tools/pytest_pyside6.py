"""Run pytest with PySide6 in PyQt6's place, on every system alike.

The choice has to stand in the environment before anything imports Qt.
"""

import os
import sys

os.environ.update(QT_API="pyside6", PYTEST_QT_API="pyside6")

import pytest

if __name__ == "__main__":
    status = pytest.main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # PySide6 takes back more references to None than it took; after many viewers Python 3.11
    # aborts over that while it shuts down, when all tests have long been judged.
    os._exit(int(status))
