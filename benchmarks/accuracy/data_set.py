"""What a data set has to give to be measured on: names, planes, and scores of label maps."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from benchmarks.accuracy.protocol import Integers, count_contingencies, find_components, score_table
from benchmarks.accuracy.region_scores import measure_rand_index, measure_variation
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap


class DataSet(Protocol):
    """Images with truths; passes between processes."""

    @property
    def name(self) -> str:
        """Which set, and which part of it."""

    def list_names(self) -> list[str]:
        """List the images.

        Raises
        ------
        FileError
            If there are none.
        """

    def read_plane(self, name: str) -> Plane:
        """Read an image as float32, (C, H, W)."""

    def score(self, name: str, labels: LabelMap, method: str) -> dict[str, Any]:
        """Score a label map of an image, as values that JSON can hold."""


def score_against_annotators(labels: Integers, truths: Sequence[Integers]) -> dict[str, Any]:
    """Score a label map by the papers' protocol and by the region scores.

    Parameters
    ----------
    labels
        (H, W), numbers ≥ 0.
    truths
        True segments, each map (H, W); pixels below 0 are left out.

    Returns
    -------
    dict
        ``segments``, how many there are of the labels' connected components, and ``maps``, for
        each truth its segments' ``overlaps`` and ``sizes``, ``pri`` and ``voi``.
    """
    components = find_components(labels)
    maps = []
    for truth in truths:
        table = count_contingencies(components, truth)
        overlaps, sizes = score_table(table).T
        maps.append(
            {
                "overlaps": overlaps.round(5).tolist(),
                "sizes": sizes.astype(int).tolist(),
                "pri": round(measure_rand_index(table), 6),
                "voi": round(measure_variation(table), 6),
            }
        )
    return {"segments": len(np.unique(components)), "maps": maps}
