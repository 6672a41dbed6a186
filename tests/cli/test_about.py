"""What the installation says of itself."""

from importlib.metadata import version

import pytest

from napari_dynaseg.cli.about import describe_installation
from napari_dynaseg.engine.backend import torch


@pytest.mark.parametrize("package", ["napari-dynaseg", "napari", "npe2", "torch", "numpy"])
def test_the_versions_are_those_installed(package):
    assert describe_installation()[package] == version(package)


def test_the_devices_are_listed_with_the_one_that_auto_takes(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert describe_installation()["devices"] == "cpu (auto takes cpu)"


def test_the_number_of_threads_is_told():
    assert describe_installation()["threads"] == str(torch.get_num_threads())
