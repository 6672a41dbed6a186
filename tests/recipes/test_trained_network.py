"""A trained network labels further planes, and comes back from its file as it was."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.stacks_drawn import train_network

from napari_dynaseg.errors import FileError, ImageError, SettingsError
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.recipes.trained_network import TrainedNetwork, check_ending
from napari_dynaseg.settings import Settings

SMALL = Settings(channels=8, iterations=4, minimum_labels=1, device="cpu")
START = (0, None, None)


@pytest.fixture(scope="module")
def stack():
    array = np.random.default_rng(0).integers(0, 900, (3, 20, 16), np.uint16)
    array[:, :, 8:] += 4000
    return StackImage((array,), parse_axes("ZYX", array.shape), "cells")


@pytest.fixture(scope="module")
def network(stack):
    return train_network(stack, SMALL, [START])


def test_equal_pixels_get_equal_labels_on_every_plane(stack, network):
    labels = network.label(stack.read_channels(START))
    twice = np.concatenate([stack.read_channels(START)] * 2, axis=2)
    np.testing.assert_array_equal(network.label(twice)[:, :15], labels[:, :15])


def test_labels_are_numbered_by_size_on_the_plane_trained_on(stack, network):
    labels = network.label(stack.read_channels(START))
    sizes = np.bincount(labels.ravel())[1:]
    assert labels.min() == 1
    assert (np.diff(sizes) <= 0).all()


def test_every_channel_of_the_response_map_has_a_number_of_its_own(network):
    assert sorted(network.numbers.tolist()) == list(range(9))
    assert network.numbers[0] == 0


def test_a_saved_network_labels_as_before(tmp_path, stack, network):
    path = tmp_path / "cells.dynaseg.safetensors"
    network.save(path)
    loaded = TrainedNetwork.load(path)
    assert (loaded.recipe, loaded.scaling) == (network.recipe, network.scaling)
    channels = stack.read_channels((2, None, None))
    np.testing.assert_array_equal(loaded.label(channels), network.label(channels))


def test_the_file_holds_the_recipe_as_json_and_no_code(network):
    content = network.to_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["dynaseg_network"])
    assert header["recipe"]["dynaseg_recipe"]["settings"]["channels"] == 8
    assert network.to_bytes() == content


def test_a_plane_of_another_number_of_channels_is_refused(network):
    with pytest.raises(ImageError, match="expected a plane of 1 channel; got 2"):
        network.label(np.zeros((2, 8, 8), np.uint16))


@pytest.mark.parametrize("content", [b"", b"no network", b"\x02\0\0\0\0\0\0\0{}"])
def test_a_file_of_something_else_is_refused(tmp_path, content):
    path = tmp_path / "other.safetensors"
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"other\.safetensors is no network of napari-dynaseg"):
        TrainedNetwork.load(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileError, match="cannot be read"):
        TrainedNetwork.load(tmp_path / "none.dynaseg.safetensors")


def test_a_network_is_kept_under_an_ending_that_says_what_it_is(tmp_path, network):
    with pytest.raises(FileError, match=r"ends in \.dynaseg\.safetensors; got"):
        network.save(tmp_path / "network.bin")


def test_a_file_that_keeps_no_network_is_refused():
    check_ending(Path("a.dynaseg.safetensors"))
    with pytest.raises(FileError, match=r"ends in \.dynaseg\.safetensors; got a\.pt"):
        check_ending(Path("a.pt"))


@pytest.fixture(scope="module")
def colour_network():
    pixels = np.random.default_rng(0).integers(0, 255, (2, 12, 10)).astype(np.uint8)
    image = StackImage((pixels,), parse_axes("CYX", pixels.shape), "cells")
    return train_network(image, SMALL, [image.axes.first])


def test_a_saved_network_may_take_another_strategy_through_a_stack(colour_network):
    used = colour_network.use({"strategy": "follow", "follow_iterations": "2"})
    assert used.settings == SMALL.change(strategy="follow", follow_iterations=2)
    assert used.weights is colour_network.weights
    assert colour_network.settings == SMALL


def test_a_network_kept_before_there_was_a_padding_sees_the_published_zeros(stack):
    trained = train_network(stack, SMALL.change(padding="zeros"), [START])
    settings = trained.settings.model_dump(exclude={"padding"})
    old = replace(trained, recipe=trained.recipe.model_copy(update={"settings": settings}))
    again = TrainedNetwork.from_bytes(old.to_bytes())
    assert again.settings.padding == "zeros"
    plane = stack.read_channels(START)
    np.testing.assert_array_equal(again.label(plane), trained.label(plane))


@pytest.mark.parametrize("knob", ["mu", "channels", "seed", "training_planes"])
def test_what_a_network_was_trained_with_cannot_change(colour_network, knob):
    with pytest.raises(SettingsError, match=f"{knob} cannot change in a network that is trained"):
        colour_network.use({knob: 5})


def test_a_knob_that_does_not_exist_is_named(colour_network):
    with pytest.raises(SettingsError, match="there is no setting 'epochs'"):
        colour_network.use({"epochs": 5})


def test_another_number_of_channels_is_refused(colour_network):
    colour_network.check_channels(2, "cells")
    with pytest.raises(
        ImageError, match=r"^grey: the number of channels must be that of the network, 2; got 1$"
    ):
        colour_network.check_channels(1, "grey")


def test_a_network_labels_another_image_after_a_round_trip(colour_network, tmp_path):
    pixels = np.random.default_rng(1).integers(0, 255, (2, 9, 14)).astype(np.uint8)
    path = tmp_path / "a.dynaseg.safetensors"
    colour_network.save(path)
    loaded = TrainedNetwork.load(path)
    assert loaded.to_bytes() == colour_network.to_bytes()
    np.testing.assert_array_equal(loaded.label(pixels), colour_network.label(pixels))
