"""A network applied in tiles: the labels do not depend on where tiles end."""

from typing import get_args

import numpy as np
import pytest
from skimage import data

from napari_dynaseg.engine.apply import Application, gather_statistics
from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.convolutions import CpuConvolutions, DeviceConvolutions
from napari_dynaseg.engine.cpu.thread_pool import ThreadPool
from napari_dynaseg.engine.network import build_network
from napari_dynaseg.settings import Padding, Settings

# Two responses that differ by less are equal but for rounding.
CLOSE = 1e-4


def cut_image(height, width):
    picture = data.coffee()[100 : 100 + height, 160 : 160 + width].astype(np.float32) / 255
    return torch.from_numpy(picture).permute(2, 0, 1).contiguous()


@torch.no_grad()
def label_plainly(image, network):
    """Give the labels of the whole plane by torch, and where the two best responses are close."""
    response = network.double()(image.double()[None])[0]
    network.float()
    first, second = response.topk(2, dim=0).values
    return response.argmax(0).numpy() + 1, (first - second < CLOSE).numpy()


def apply_in_tiles(image, network, kind, tile):
    with ThreadPool(2) as pool:
        on_cpu = kind == "cpu"
        convolutions = (
            CpuConvolutions(network, pool, tile) if on_cpu else DeviceConvolutions(network, tile)
        )
        application = Application(image.numpy(), network, convolutions)
        return application.find_labels(gather_statistics([application]))


@pytest.mark.parametrize("padding", get_args(Padding))
@pytest.mark.parametrize("kind", ["cpu", "device"])
@pytest.mark.parametrize("tile", [8, 13, 32, 200])
@pytest.mark.parametrize("blocks", [1, 2, 3, 5])
def test_tiled_labels_are_those_of_the_whole_plane(kind, tile, blocks, padding):
    image = cut_image(57, 70)
    network = build_network(3, Settings(blocks=blocks, channels=20, padding=padding))
    expected, close = label_plainly(image, network)
    labels = apply_in_tiles(image, network, kind, tile)
    assert labels.dtype == np.int32
    assert close.mean() < 0.01
    np.testing.assert_array_equal(labels[~close], expected[~close])


@pytest.mark.parametrize("padding", get_args(Padding))
@pytest.mark.parametrize("shape", [(1, 7), (7, 1), (2, 2), (40, 3), (256, 256)])
def test_planes_of_any_shape_are_labelled_in_the_usual_tiles(shape, padding):
    image = cut_image(*shape)
    network = build_network(3, Settings(channels=8, padding=padding))
    expected, close = label_plainly(image, network)
    labels = apply_in_tiles(image, network, "cpu", None)
    np.testing.assert_array_equal(labels[~close], expected[~close])


def test_a_plane_whose_activations_are_not_kept_gets_the_same_labels(monkeypatch):
    image, network = cut_image(40, 50), build_network(3, Settings(channels=20))
    kept = apply_in_tiles(image, network, "cpu", 16)
    monkeypatch.setattr("napari_dynaseg.engine.apply.MOST_KEPT_VALUES", 0)
    np.testing.assert_array_equal(apply_in_tiles(image, network, "cpu", 16), kept)
