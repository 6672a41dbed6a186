"""A trained network labels further planes, and comes back from its file as it was."""

import json

import numpy as np
import pytest
from tests.stacks_drawn import train_network

from napari_dynaseg.errors import FileError, ImageError
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.recipes.trained_network import TrainedNetwork
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
