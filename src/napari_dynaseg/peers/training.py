"""Training the papers' network with another loss, by automatic differentiation."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from napari_dynaseg.backend import choose_device, torch
from napari_dynaseg.engine.memory import check_memory
from napari_dynaseg.engine.trainer import apply_network
from napari_dynaseg.fast import choose_reduction, choose_samples, enlarge_labels
from napari_dynaseg.labels import LabelMap, number_by_size
from napari_dynaseg.network import build_network
from napari_dynaseg.peers.method import Preview, Work
from napari_dynaseg.pixels import Plane
from napari_dynaseg.settings import Settings


class Sampled(NamedTuple):
    """What a network trains on.

    Parameters
    ----------
    picture
        float32, (1, C, H, W): the plane, or in Fast every n-th pixel of it, on the device.
    reduction
        That n, 1 for every pixel.
    network
        The papers' network with random weights, on the device.
    """

    picture: torch.Tensor
    reduction: int
    network: torch.nn.Sequential


# Gives the loss and the response map (1, q, H, W) that the labels are read from.
Loss = Callable[[], tuple[torch.Tensor, torch.Tensor]]


def prepare(plane: Plane, settings: Settings) -> Sampled:
    """Sample a plane as its quality asks, and build the network.

    Raises
    ------
    ImageError
        If the machine has not the memory.
    SettingsError
        If the device is not there.
    """
    device = choose_device(settings.device)
    _, height, width = plane.shape
    reduction = choose_reduction(height, width, settings)
    sampled = plane[:, *choose_samples((height, width), reduction)]
    if device.type == "cpu":
        check_memory(sampled.shape, settings)
    network = build_network(len(plane), settings).to(device)
    return Sampled(torch.from_numpy(sampled)[None].to(device), reduction, network)


def train(
    plane: Plane, settings: Settings, sampled: Sampled, measure: Loss, iterations: int
) -> Work:
    """Train a network until its iterations are over or few labels are left.

    Parameters
    ----------
    plane
        float32, (C, H, W).
    settings
        The knobs of the network and its training.
    sampled
        As `prepare` gives it.
    measure
        Called once an iteration.
    iterations
        How many at most.

    Yields
    ------
    Preview
        After every iteration.
    """
    _, height, width = plane.shape
    optimiser = torch.optim.SGD(
        sampled.network.parameters(), lr=settings.learning_rate, momentum=settings.momentum
    )
    for iteration in range(1, iterations + 1):
        weights = torch.nn.utils.parameters_to_vector(sampled.network.parameters()).detach().clone()
        with torch.enable_grad():
            loss, response = measure()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
        labels = _find_labels(response)
        yield Preview(
            iteration,
            iterations,
            partial(enlarge_labels, labels, sampled.reduction, (height, width)),
        )
        if len(set(labels.ravel().tolist())) <= settings.minimum_labels:
            break
        optimiser.step()
    if sampled.reduction > 1:
        labels, _ = apply_network(plane, settings, weights)
    return number_by_size(labels)


def _find_labels(response: torch.Tensor) -> LabelMap:
    channels = response.detach()[0].argmax(0) + 1
    labels: LabelMap = channels.to(device="cpu", dtype=torch.int32).numpy()
    return labels
