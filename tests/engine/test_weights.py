"""Weights pass through a file, and from network to network, as they are."""

import numpy as np
import pytest

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.network import build_network
from napari_dynaseg.engine.weights import copy_weights, from_numpy, load_weights, to_numpy
from napari_dynaseg.errors import SettingsError
from napari_dynaseg.settings import Settings

SMALL = Settings(channels=4, minimum_labels=1)


def test_numbers_and_weights_are_the_same_to_the_last_bit():
    weights = copy_weights(build_network(2, SMALL))
    numbers = to_numpy(weights)
    assert numbers.dtype == np.float32
    assert torch.equal(from_numpy(numbers), weights)


def test_a_network_given_weights_leaves_them_alone_when_it_changes():
    weights = copy_weights(build_network(2, SMALL))
    other = build_network(2, SMALL.change(seed=1))
    load_weights(other, weights)
    assert torch.equal(copy_weights(other), weights)
    before = weights.clone()
    with torch.no_grad():
        other[0].weight.zero_()
    assert torch.equal(weights, before)


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(SettingsError, match="got 'mps'"):
        from_numpy(np.zeros(3, np.float32), "mps")
