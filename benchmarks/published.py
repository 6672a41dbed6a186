"""The training loop as the papers' programs have it, kept plain: the yardstick for speed.

Written from the papers' description: autograd on the whole plane in (1, C, H, W), new memory at
every step, mean absolute differences against maps of zeros, and q' counted on the host.
"""

import numpy as np

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.network import build_network
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.method.weighting import continuity_weight
from napari_dynaseg.settings import Settings

nn = torch.nn


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
        self._settings = settings
        self._image = torch.from_numpy(plane)[None].to(device)
        self._network = build_network(len(plane), settings).to(device)
        self._optimiser = torch.optim.SGD(
            self._network.parameters(), lr=settings.learning_rate, momentum=settings.momentum
        )
        height, width = plane.shape[1:]
        self._no_vertical = torch.zeros(height - 1, width, settings.channels, device=device)
        self._no_horizontal = torch.zeros(height, width - 1, settings.channels, device=device)

    @torch.enable_grad()
    def take_step(self) -> int:
        """Do one iteration, and give q'."""
        self._optimiser.zero_grad()
        response = self._network(self._image)[0].permute(1, 2, 0).contiguous()  # (H, W, q)
        flat = response.view(-1, response.shape[2])
        labels = flat.max(1).indices
        labels_in_use = len(np.unique(labels.cpu().numpy()))
        weight = continuity_weight(self._settings.scheme, self._settings.mu, labels_in_use)
        vertical = nn.functional.l1_loss(response[1:] - response[:-1], self._no_vertical)
        horizontal = nn.functional.l1_loss(response[:, 1:] - response[:, :-1], self._no_horizontal)
        similarity = nn.functional.cross_entropy(flat, labels)
        (similarity + weight * (vertical + horizontal)).backward()
        self._optimiser.step()
        return labels_in_use
