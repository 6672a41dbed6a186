"""The papers' training as their programs have it, step by step: the yardstick for speed."""

from functools import partial

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.network import build_network
from napari_dynaseg.engine.plain_step import take_step
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.method.weighting import continuity_weight
from napari_dynaseg.settings import Settings


class PublishedLoop:
    """The published loop on one plane.

    Parameters
    ----------
    plane
        float32, (C, H, W).
    settings
        The knobs; every one but ``quality`` and ``device`` counts.
    device
        Where it trains, with torch's defaults there.
    """

    def __init__(self, plane: Plane, settings: Settings, device: torch.device) -> None:
        self._image = torch.from_numpy(plane).to(device)
        self._network = build_network(len(plane), settings).to(device)
        self._weigh = partial(continuity_weight, settings.scheme, settings.mu)
        self._optimiser = torch.optim.SGD(
            self._network.parameters(), lr=settings.learning_rate, momentum=settings.momentum
        )

    def take_step(self) -> int:
        """Do one iteration, and give q'."""
        return take_step(self._network, self._image, self._weigh, self._optimiser).labels_in_use
