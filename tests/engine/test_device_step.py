"""The step for GPUs, here on the CPU: the same numbers as the plain way."""

import pytest

from napari_dynaseg.backend import torch
from napari_dynaseg.engine.device_loss import count_labels
from napari_dynaseg.engine.device_step import DeviceEngine
from napari_dynaseg.network import build_network
from napari_dynaseg.settings import Settings
from tests.engine.test_cpu import cut_photograph, weigh
from tests.engine.yardstick import differentiate_plainly, find_largest_error


def test_the_step_has_the_numbers_and_gradients_of_float64_autograd():
    image, network = cut_photograph("chelsea"), build_network(3, Settings())
    measurement = DeviceEngine(image, network).set_gradients(weigh)
    labels, in_use, similarity, continuity, expected = differentiate_plainly(image, network, weigh)
    assert torch.equal(measurement.labels, labels)
    assert measurement.labels_in_use == in_use
    assert measurement.weight == pytest.approx(weigh(in_use))
    assert measurement.similarity == pytest.approx(similarity, rel=1e-5)
    assert measurement.continuity == pytest.approx(continuity, rel=1e-5)
    gradients = [parameter.grad for parameter in network.parameters()]
    # Wide, since torch's batch norm for channels last sums in float32 on the CPU; the labels and
    # losses above are as exact as elsewhere.
    assert find_largest_error(gradients, expected) < 1e-2


def test_labels_are_counted_where_they_are():
    count = count_labels(torch.tensor([[4, 4, 0], [9, 0, 4]]), 10)
    assert count.item() == 3
    assert count.ndim == 0
