"""Where the labels of a guidance lie, and to which clusters they draw the response map."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.labels.guidance import match_clusters
from napari_dynaseg.labels.numbering import Integers, LabelMap

# Gives the cluster that each label draws pixels of each cluster to, (K, q), from how many pixels
# they share, (K, q), and how many of each cluster have no guidance, (q,).
Match = Callable[[Integers, Integers], npt.NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Guides:
    """The labels of a guidance on a plane.

    Parameters
    ----------
    places
        Which of the labels each pixel has, 0…K-1, K where there is no guidance, and K + 1 where
        none could be, (H, W).
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
        """Read a guidance, (H, W): labels from 1 on, 0 for none, -1 where none could be."""
        is_guided = guidance > 0
        numbers, first, found = np.unique(
            guidance[is_guided], return_index=True, return_inverse=True
        )
        places = np.where(guidance == 0, len(numbers), len(numbers) + 1)
        # By where each begins, not by its number, which is not to decide between equal overlaps.
        places[is_guided] = np.argsort(np.argsort(first))[found]
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
            Where each label (row) draws pixels of each cluster (column): to a cluster, 0…q-1, or
            nowhere, -1, where there is no guidance, (K + 2, q).
        """
        pairs = (self.places * channels + labels).flatten()
        overlaps = torch.zeros((self.count + 2) * channels, dtype=torch.int32, device=labels.device)
        overlaps.scatter_add_(0, pairs, overlaps.new_ones(()).expand(len(pairs)))
        shared = overlaps.view(-1, channels).cpu().numpy()
        wanted = self.match_labels(shared[: self.count], shared[self.count])
        clusters = np.vstack([wanted, np.full((2, channels), -1)])
        return torch.from_numpy(clusters).to(labels.device)

    def find_wanted(
        self, clusters: torch.Tensor, labels: torch.Tensor, rows: slice = slice(None)
    ) -> torch.Tensor:
        """Give the cluster that each pixel is drawn to, -1 where there is no guidance.

        Parameters
        ----------
        clusters
            As `match` gives them.
        labels
            As for `match`, but of these rows alone, (rows, W).
        rows
            Where in the plane they lie.
        """
        return clusters[self.places[rows], labels]
