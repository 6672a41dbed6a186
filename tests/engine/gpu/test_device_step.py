"""The step for GPUs, here on the CPU: the same numbers as the plain way."""

from typing import get_args

import pytest
from tests.engine.cpu.test_gradients import PHOTOGRAPHS, PUBLISHED, cut_photograph, weigh
from tests.engine.yardstick import (
    differentiate_along,
    differentiate_plainly,
    find_largest_error,
)

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.gpu.device_loss import count_labels
from napari_dynaseg.engine.gpu.device_step import DeviceEngine, activate, normalise
from napari_dynaseg.engine.measurement import Measurement
from napari_dynaseg.engine.network import build_network, list_stages
from napari_dynaseg.settings import Padding, Settings


@torch.no_grad()
def look_at_values(image, network):
    """Give what comes out of each ReLU, and the response map: (channels, H, W), on the CPU."""
    values, seen = image.permute(1, 2, 0).contiguous(), []
    for stage in list_stages(network):
        activation = activate(values, stage)
        seen.append(activation.permute(2, 0, 1).cpu())
        values = normalise(activation, stage)
    return *seen[:-1], values.permute(2, 0, 1).cpu()


@pytest.mark.parametrize("padding", get_args(Padding))
@pytest.mark.parametrize("photograph", PHOTOGRAPHS)
def test_gradients_are_those_of_float64_on_the_same_side_of_every_kink(photograph, padding):
    image, network = cut_photograph(photograph), build_network(3, Settings(padding=padding))
    DeviceEngine(image, network).set_gradients(weigh)
    gradients = [parameter.grad for parameter in network.parameters()]
    *masks, response = look_at_values(image, network)
    expected = differentiate_along(image, network, weigh, [mask > 0 for mask in masks], response)
    assert find_largest_error(gradients, expected) < 1e-4


@pytest.mark.parametrize("padding", get_args(Padding))
@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (2, 2), (7, 5)])
@pytest.mark.parametrize("blocks", [1, 2, 4])
def test_planes_and_networks_of_any_size_have_the_gradients_of_autograd(shape, blocks, padding):
    image = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    settings = Settings(channels=5, blocks=blocks, padding=padding)
    network = build_network(2, settings).double()
    DeviceEngine(image, network).set_gradients(weigh)
    gradients = [parameter.grad for parameter in network.parameters()]
    *_, expected = differentiate_plainly(image, network, weigh)
    # The loss and q' are float32.
    assert find_largest_error(gradients, expected) < 1e-5


def test_the_step_has_the_numbers_and_gradients_of_float64_autograd():
    image, network = cut_photograph("chelsea"), build_network(3, PUBLISHED)
    measurement = DeviceEngine(image, network).set_gradients(weigh)
    labels, in_use, similarity, continuity, expected = differentiate_plainly(image, network, weigh)
    assert torch.equal(measurement.labels, labels)
    assert measurement.read().labels_in_use == in_use
    assert measurement.read().weight == pytest.approx(weigh(in_use))
    assert measurement.read().similarity == pytest.approx(similarity, rel=1e-5)
    assert measurement.read().continuity == pytest.approx(continuity, rel=1e-5)
    gradients = [parameter.grad for parameter in network.parameters()]
    # Wide, since a value near a kink falls on either side of it; see the test above.
    assert find_largest_error(gradients, expected) < 1e-2


def test_what_a_step_gives_is_kept_when_the_next_one_overwrites_it():
    labels, numbers = torch.tensor([[4, 0]]), torch.tensor([2.0, 25.0, 1.0, 2.0, 3.0, 4.0])
    kept = Measurement(labels, numbers).keep()
    labels.zero_()
    numbers.zero_()
    assert kept.labels.tolist() == [[5, 1]]
    assert kept.read() == (2, 25.0, 1.0, 2.0, 3.0, 4.0)


def test_labels_are_counted_where_they_are():
    count = count_labels(torch.tensor([[4, 4, 0], [9, 0, 4]]), 10)
    assert count.item() == 3
    assert count.ndim == 0
