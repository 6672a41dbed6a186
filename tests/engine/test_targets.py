"""Scribbles draw the response map to what the user wants, by the same gradients as autograd's."""

import pytest

from napari_dynaseg.backend import torch
from napari_dynaseg.engine.cpu import CpuEngine
from napari_dynaseg.engine.device_step import DeviceEngine
from napari_dynaseg.engine.lanes import Lanes
from napari_dynaseg.engine.targets import Targets
from napari_dynaseg.loss import scribble_loss, similarity_loss
from napari_dynaseg.network import build_network
from napari_dynaseg.settings import Settings
from tests.engine.yardstick import differentiate_plainly, find_largest_error


def weigh(labels_in_use):
    return 20 / labels_in_use


def scribble(share):
    """Scribble on a share of the pixels of a plane of 50×41."""
    generator = torch.Generator().manual_seed(1)
    wanted = torch.randint(0, 12, (50, 41), generator=generator)
    return torch.where(torch.rand(50, 41, generator=generator) < share, wanted, -1)


@pytest.fixture
def image():
    return torch.rand(3, 50, 41, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def network():
    return build_network(3, Settings(channels=12))


@pytest.mark.parametrize("share", [0.01, 0.5, 1.0])
@pytest.mark.parametrize("kind", ["cpu", "device"])
def test_gradients_with_scribbles_are_those_of_autograd(image, network, share, kind):
    scribbles = scribble(share)
    targets = Targets.from_scribbles(scribbles, 0.5)
    with Lanes(2) as lanes:
        engine = (
            CpuEngine(image, network, lanes, targets)
            if kind == "cpu"
            else DeviceEngine(image, network, targets)
        )
        measurement = engine.set_gradients(weigh)
    _, in_use, similarity, continuity, expected = differentiate_plainly(
        image, network, weigh, scribbles=scribbles
    )
    gradients = [parameter.grad for parameter in network.parameters()]
    assert find_largest_error(gradients, expected) < 1e-4
    assert measurement.labels_in_use == in_use
    assert measurement.similarity == pytest.approx(similarity, rel=1e-5)
    assert measurement.continuity == pytest.approx(continuity, rel=1e-5)
    response = network(image[None])[0]
    assert measurement.scribble == pytest.approx(scribble_loss(response, scribbles).item(), 1e-5)


def test_the_scribble_term_has_a_gradient(image, network):
    response = network(image[None])[0]
    scribble_loss(response, scribble(0.1)).backward()
    assert any(parameter.grad.abs().sum() > 0 for parameter in network.parameters())


def test_a_scribble_on_every_pixel_leaves_nothing_to_similarity():
    response = torch.rand(4, 2, 3)
    nothing = torch.full((2, 3), -1)
    assert similarity_loss(response, nothing) == 0
    assert scribble_loss(response, nothing) == 0


def test_scribbles_are_the_mean_over_their_pixels():
    response = torch.zeros(2, 1, 3)
    response[1, 0, 2] = 1
    scribbles = torch.tensor([[-1, 0, 1]])
    expected = (torch.log(torch.tensor(2.0)) + torch.log1p(torch.exp(torch.tensor(-1.0)))) / 2
    assert scribble_loss(response, scribbles).item() == pytest.approx(expected.item())
