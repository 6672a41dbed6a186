"""A saved network put to use: what may be chosen, and what it refuses."""

from pathlib import Path

import numpy as np
import pytest
from tests.stacks_drawn import train_network

from napari_dynaseg import Settings, TrainedNetwork
from napari_dynaseg.errors import FileError, ImageError, SettingsError
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.recipes.saved_network import check_channels, check_ending, use_network

SMALL = Settings(channels=8, iterations=3, device="cpu", minimum_labels=1)


@pytest.fixture(scope="module")
def network():
    pixels = np.random.default_rng(0).integers(0, 255, (2, 12, 10)).astype(np.uint8)
    image = StackImage((pixels,), parse_axes("CYX", pixels.shape), "cells")
    return train_network(image, SMALL, [(None, None, None)])


def test_a_saved_network_may_take_another_strategy_through_a_stack(network):
    used = use_network(network, {"strategy": "follow", "follow_iterations": "2"})
    assert used.settings == SMALL.change(strategy="follow", follow_iterations=2)
    assert used.weights is network.weights
    assert network.settings == SMALL


@pytest.mark.parametrize("knob", ["mu", "channels", "seed", "training_planes"])
def test_what_a_network_was_trained_with_cannot_change(network, knob):
    with pytest.raises(SettingsError, match=f"{knob} cannot change in a network that is trained"):
        use_network(network, {knob: 5})


def test_a_knob_that_does_not_exist_is_named(network):
    with pytest.raises(SettingsError, match="there is no setting 'epochs'"):
        use_network(network, {"epochs": 5})


def test_another_number_of_channels_is_refused(network):
    check_channels(network, 2, "cells")
    with pytest.raises(
        ImageError, match=r"^grey: the number of channels must be that of the network, 2; got 1$"
    ):
        check_channels(network, 1, "grey")


def test_a_network_labels_another_image_after_a_round_trip(network, tmp_path):
    pixels = np.random.default_rng(1).integers(0, 255, (2, 9, 14)).astype(np.uint8)
    path = tmp_path / "a.dynaseg.safetensors"
    network.save(path)
    loaded = TrainedNetwork.load(path)
    assert loaded.to_bytes() == network.to_bytes()
    np.testing.assert_array_equal(loaded.label(pixels), network.label(pixels))


def test_a_file_that_keeps_no_network_is_refused():
    check_ending(Path("a.dynaseg.safetensors"))
    with pytest.raises(FileError, match=r"ends in \.dynaseg\.safetensors; got a\.pt"):
        check_ending(Path("a.pt"))
