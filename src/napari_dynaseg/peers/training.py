"""Training the papers' network towards something else than its own labels, step by step."""

from functools import partial
from typing import NamedTuple, Protocol

from napari_dynaseg.engine.backend import choose_device, torch
from napari_dynaseg.engine.trainer import apply_network, measure_statistics
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap, number_by_size
from napari_dynaseg.method.subsampling import choose_reduction, choose_samples, enlarge_labels
from napari_dynaseg.peers.method import Preview, Work
from napari_dynaseg.settings import Settings


class Sampled(NamedTuple):
    """What a network trains on.

    Parameters
    ----------
    picture
        float32, (C, H, W): the plane, or in Fast every n-th pixel of it.
    reduction
        That n, 1 for every pixel.
    device
        Where it trains.
    """

    picture: Plane
    reduction: int
    device: torch.device


class Learner(Protocol):
    """A network that can take one step after the other."""

    def measure(self) -> LabelMap:
        """Give the labels at the present weights, 1…q, and find the gradients."""

    def copy_weights(self) -> torch.Tensor:
        """Copy the present weights into one vector."""

    def descend(self) -> None:
        """Update the weights by the gradients."""


def sample(plane: Plane, settings: Settings) -> Sampled:
    """Sample a plane, (C, H, W), as its quality asks.

    Raises
    ------
    SettingsError
        If the device is not there.
    """
    device = choose_device(settings.device)
    _, height, width = plane.shape
    reduction = choose_reduction(height, width, settings)
    return Sampled(plane[:, *choose_samples((height, width), reduction)], reduction, device)


def train(
    plane: Plane, settings: Settings, learner: Learner, sampled: Sampled, iterations: int
) -> Work:
    """Train a network until its iterations are over or few labels are left.

    Parameters
    ----------
    plane
        float32, (C, H, W).
    settings
        The knobs of the network and its training.
    learner
        The network.
    sampled
        What it trains on, as `sample` gives it.
    iterations
        How many at most.

    Yields
    ------
    Preview
        After every iteration.
    """
    _, height, width = plane.shape
    for iteration in range(1, iterations + 1):
        labels, weights = learner.measure(), learner.copy_weights()
        draw = partial(enlarge_labels, labels, sampled.reduction, (height, width))
        yield Preview(iteration, iterations, draw)
        if len(set(labels.ravel().tolist())) <= settings.minimum_labels:
            break
        learner.descend()
    if sampled.reduction > 1:
        statistics = measure_statistics([sampled.picture], settings, weights)
        labels, _ = apply_network(plane, settings, weights, statistics)
    return number_by_size(labels)
