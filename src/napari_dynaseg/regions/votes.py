"""What a network says of the regions of a tree: the kind of each is its most frequent cluster."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from napari_dynaseg.labels.numbering import Integers, LabelMap

# Pixels that are counted at a time: it takes some twenty bytes for each.
PIXELS_AT_A_TIME = 1 << 20


@dataclass(frozen=True, eq=False)
class Votes:
    """How many pixels of each superpixel belong to which cluster; only pairs that occur.

    Parameters
    ----------
    superpixels, clusters
        The pairs, each (v,).
    counts
        How many pixels there are of each pair, (v,).
    """

    superpixels: Integers
    clusters: Integers
    counts: Integers

    @classmethod
    def count(cls, superpixels: LabelMap, clusters: LabelMap) -> Self:
        """Count the pixels of a plane.

        Parameters
        ----------
        superpixels
            (H, W), from 0 on.
        clusters
            (H, W), from 0 on.

        Examples
        --------
        >>> votes = Votes.count(np.array([[0, 0, 1]]), np.array([[7, 7, 2]]))
        >>> votes.superpixels.tolist(), votes.clusters.tolist(), votes.counts.tolist()
        ([0, 1], [7, 2], [2, 1])
        """
        width = int(clusters.max(initial=0)) + 1
        parts = list(_count_parts(superpixels, clusters, width))
        keys, place = np.unique(np.concatenate([part for part, _ in parts]), return_inverse=True)
        counts = np.bincount(place, np.concatenate([count for _, count in parts]))
        found, cluster = np.divmod(keys, width)
        return cls(found.astype(np.int32), cluster.astype(np.int32), counts.astype(np.int32))

    def choose(self, regions: Integers) -> Integers:
        """Choose the kind of each superpixel's region.

        Parameters
        ----------
        regions
            The region of each superpixel, (n,); any numbers.

        Returns
        -------
        numpy.ndarray
            (n,), the cluster that most pixels of the region belong to, the lowest of several; 0
            where nothing was counted.
        """
        numbers, place = np.unique(regions, return_inverse=True)
        width = int(self.clusters.max(initial=0)) + 1
        pairs = place[self.superpixels] * np.int64(width) + self.clusters
        keys, entry = np.unique(pairs, return_inverse=True)
        pixels = np.bincount(entry, self.counts)
        kinds = np.zeros(len(numbers), np.int32)
        # Of several pairs that are written to one place the last one stays.
        order = np.lexsort((-keys, pixels))
        kinds[keys[order] // width] = keys[order] % width
        return kinds[place]


def _count_parts(
    superpixels: LabelMap, clusters: LabelMap, width: int
) -> Iterator[tuple[Integers, Integers]]:
    rows = max(1, PIXELS_AT_A_TIME // superpixels.shape[1])
    for top in range(0, len(superpixels), rows):
        part = np.s_[top : top + rows]
        pairs = superpixels[part] * np.int64(width) + clusters[part]
        yield np.unique(pairs, return_counts=True)
