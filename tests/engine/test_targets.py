"""Scribbles and a guidance draw the response map, by the same gradients as autograd's."""

from dataclasses import replace

import numpy as np
import pytest

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.cpu.gradients import CpuEngine
from napari_dynaseg.engine.cpu.thread_pool import ThreadPool
from napari_dynaseg.engine.gpu.device_step import DeviceEngine
from napari_dynaseg.engine.guides import Guides
from napari_dynaseg.engine.network import build_network
from napari_dynaseg.engine.targets import Targets
from napari_dynaseg.labels.guidance import match_clusters
from napari_dynaseg.settings import Settings
from tests.engine.plain_loss import guidance_loss, scribble_loss, similarity_loss
from tests.engine.yardstick import (
    differentiate_plainly,
    find_largest_error,
    find_soft_entropy,
)


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
    with ThreadPool(2) as pool:
        engine = (
            CpuEngine(image, network, pool, targets)
            if kind == "cpu"
            else DeviceEngine(image, network, targets)
        )
        measurement = engine.set_gradients(weigh)
    _, in_use, similarity, continuity, expected = differentiate_plainly(
        image, network, weigh, scribbles=scribbles
    )
    gradients = [parameter.grad for parameter in network.parameters()]
    assert find_largest_error(gradients, expected) < 1e-4
    assert measurement.read().labels_in_use == in_use
    assert measurement.read().similarity == pytest.approx(similarity, rel=1e-5)
    assert measurement.read().continuity == pytest.approx(continuity, rel=1e-5)
    response = network(image[None])[0]
    assert measurement.read().scribble == pytest.approx(
        scribble_loss(response, scribbles).item(), 1e-5
    )


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


def guide_by(share):
    """Give a guidance of squares of 9 pixels a side on a share of a plane of 50×41."""
    rows, columns = np.indices((50, 41)) // 9
    guidance = (1 + rows * 5 + columns).astype(np.int32)
    return np.where(np.random.default_rng(2).random((50, 41)) < share, guidance, 0)


def soften(labels, guidance, weight, channels=12):
    """Give the soft labels of each pixel, (H, W, q), counted and matched the plain way."""
    numbers = list(dict.fromkeys(guidance[guidance > 0].tolist()))  # as they begin
    overlaps = np.array(
        [
            [
                ((guidance == number) & (labels.numpy() == cluster)).sum()
                for cluster in range(channels)
            ]
            for number in numbers
        ]
    )
    free = np.bincount(labels.numpy()[guidance == 0], minlength=channels)
    wanted = torch.from_numpy(match_clusters(overlaps, free))
    soft = torch.nn.functional.one_hot(labels, channels).double()
    for row, number in enumerate(numbers):
        y, x = np.nonzero(guidance == number)
        soft[y, x] *= 1 - weight
        soft[y, x, wanted[row, labels[y, x]]] += weight
    return soft


@pytest.mark.parametrize("kind", ["cpu", "device"])
@pytest.mark.parametrize("weight", [0.25, 1.0])
@pytest.mark.parametrize("drawn", [0, 0.1])
def test_gradients_with_guidance_are_those_of_the_soft_labels(image, network, kind, weight, drawn):
    scribbles = scribble(drawn) if drawn else None
    guidance = guide_by(0.7)
    if drawn:
        guidance[scribbles.numpy() >= 0] = -1
    targets = Targets.from_scribbles(scribbles, 0.5) if drawn else Targets(2050)
    targets = replace(targets, guides=Guides.of(guidance, weight))
    with ThreadPool(2) as pool:
        engine = (
            CpuEngine(image, network, pool, targets)
            if kind == "cpu"
            else DeviceEngine(image, network, targets.move_to(torch.device("cpu")))
        )
        measurement = engine.set_gradients(weigh)
    labels, in_use, similarity, continuity, expected = differentiate_plainly(
        image,
        network,
        weigh,
        scribbles=scribbles,
        guide=lambda labels: soften(labels, guidance, weight),
    )
    gradients = [parameter.grad for parameter in network.parameters()]
    assert find_largest_error(gradients, expected) < 1e-4
    assert measurement.read().similarity == pytest.approx(similarity, rel=1e-5)
    assert measurement.read().continuity == pytest.approx(continuity, rel=1e-5)
    response = network.double()(image.double()[None])[0]
    others = torch.where(scribbles < 0, labels, -1) if drawn else labels
    soft = find_soft_entropy(response, others, soften(labels, guidance, weight)).item()
    numbers = measurement.read()
    assert numbers.guidance > 0
    assert numbers.similarity + weight * numbers.guidance == pytest.approx(soft, rel=1e-5)


def test_the_guidance_term_has_a_gradient(image, network):
    response = network(image[None])[0]
    guidance_loss(response, response.detach().argmax(dim=0), scribble(0.1)).backward()
    assert any(parameter.grad.abs().sum() > 0 for parameter in network.parameters())


def test_guidance_is_how_far_the_clusters_are_from_the_own_labels():
    response = torch.zeros(2, 1, 4)
    response[1] = torch.tensor([[3.0, 1.0, 0.5, 2.0]])
    own, clusters = torch.tensor([[1, 1, 1, -1]]), torch.tensor([[0, 1, -1, -1]])
    assert guidance_loss(response, own, clusters).item() == pytest.approx(3 / 3)


def test_labels_of_a_guidance_are_matched_where_they_lie():
    guides = Guides.of(np.array([[40, 40, 0], [7, 7, 7]], np.int32), 0.5)
    labels = torch.tensor([[2, 2, 0], [2, 1, 2]])
    clusters = guides.match(labels, 3)
    np.testing.assert_array_equal(clusters, [[2, 2, 2], [1, 1, 1], [-1, -1, -1], [-1, -1, -1]])
    np.testing.assert_array_equal(guides.find_wanted(clusters, labels), [[2, 2, -1], [1, 1, 1]])
    below = guides.find_wanted(clusters, labels[1:], slice(1, 2))
    np.testing.assert_array_equal(below, [[1, 1, 1]])


def test_pixels_that_could_have_no_guidance_do_not_say_whose_a_cluster_is():
    labels = torch.tensor([[0, 1, 1], [1, 1, 1]])
    outside = Guides.of(np.array([[5, 5, 0], [0, 0, 0]], np.int32), 0.5)
    elsewhere = Guides.of(np.array([[5, 5, -1], [-1, -1, -1]], np.int32), 0.5)
    assert outside.match(labels, 2)[0].tolist() == [0, 0]
    assert elsewhere.match(labels, 2)[0].tolist() == [0, 1]
