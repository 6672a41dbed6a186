"""Where the labels of a guidance lie, and to which clusters they draw the response map."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_dynaseg.backend import torch
from napari_dynaseg.guidance import match_clusters
from napari_dynaseg.labels import LabelMap

# Gives the cluster of each label, (K,), from how many pixels they share, (K, q).
Match = Callable[[npt.NDArray[np.integer[Any]]], npt.NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Guides:
    """The labels of a guidance on a plane.

    Parameters
    ----------
    places
        Which of the labels each pixel has, 0…K-1, and K where there is no guidance, (H, W).
    count
        K.
    weight
        How much of a pixel's target is the matched cluster, 0…1; the rest is its own label.
    match_labels
        Which cluster a label is matched to.
    """

    places: torch.Tensor
    count: int
    weight: float
    match_labels: Match = match_clusters

    @classmethod
    def of(cls, guidance: LabelMap, weight: float, match: Match = match_clusters) -> "Guides":
        """Read a guidance, (H, W): labels from 1 on, 0 where there is none."""
        is_guided = guidance > 0
        numbers, found = np.unique(guidance[is_guided], return_inverse=True)
        places = np.full(guidance.shape, len(numbers), np.int64)
        places[is_guided] = found
        return cls(torch.from_numpy(places), len(numbers), weight, match)

    def move_to(self, device: torch.device) -> "Guides":
        """Give them with their tensor on a device."""
        return replace(self, places=self.places.to(device))

    def match(self, labels: torch.Tensor, channels: int) -> torch.Tensor:
        """Match them to the clusters of the present label map.

        Only the overlaps leave a device, and only the clusters come back.

        Parameters
        ----------
        labels
            The channel of the largest response at each pixel, 0…q-1, (H, W).
        channels
            q.

        Returns
        -------
        torch.Tensor
            The cluster of each label, 0…q-1, and -1 for no guidance, (K + 1,).
        """
        pairs = (self.places * channels + labels).flatten()
        overlaps = torch.zeros((self.count + 1) * channels, dtype=torch.int32, device=labels.device)
        overlaps.scatter_add_(0, pairs, overlaps.new_ones(()).expand(len(pairs)))
        shared = overlaps.view(-1, channels)[: self.count].cpu().numpy()  # (K, q)
        clusters = np.append(self.match_labels(shared), -1)
        return torch.from_numpy(clusters).to(labels.device)

    def find_wanted(self, clusters: torch.Tensor, rows: slice = slice(None)) -> torch.Tensor:
        """Give the matched cluster of each pixel, -1 where there is no guidance, (rows, W)."""
        return clusters[self.places[rows]]
