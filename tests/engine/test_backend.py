"""What torch is told before it loads."""

import os
import runpy

from napari_dynaseg.engine import backend


def test_idle_threads_sleep_unless_the_user_said_otherwise(monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    runpy.run_path(backend.__file__)
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    runpy.run_path(backend.__file__)
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
