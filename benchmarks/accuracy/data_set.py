"""What a data set has to give to be measured on: names, planes, and scores of label maps."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from benchmarks.accuracy.level_scores import score_levels
from benchmarks.accuracy.protocol import Integers, count_contingencies, find_components, score_table
from benchmarks.accuracy.region_scores import (
    measure_many_to_one,
    measure_rand_index,
    measure_variation,
)
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.peers import Outcome


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

    def score(self, name: str, outcome: Outcome, method: str) -> dict[str, Any]:
        """Score what a method made of an image, as values that JSON can hold."""


def score_against_annotators(outcome: Outcome, truths: Sequence[Integers]) -> dict[str, Any]:
    """Score a label map by the papers' protocol and by the region scores.

    Parameters
    ----------
    outcome
        Its labels, (H, W), numbers ≥ 0.
    truths
        True segments, each map (H, W); pixels below 0 are left out.

    Returns
    -------
    dict
        ``segments``, how many there are of the labels' connected components; ``maps``, for each
        truth its segments' ``overlaps`` and ``sizes``, ``pri``, ``voi`` and ``many_to_one``; and
        ``levels``, if the outcome has any, as `score_levels` gives them.
    """
    components = find_components(outcome.labels)
    maps = [_score_map(components, outcome.labels, truth) for truth in truths]
    scores = {"segments": len(np.unique(components)), "maps": maps}
    return scores if outcome.cut is None else scores | {"levels": score_levels(outcome.cut, truths)}


def _score_map(components: Integers, labels: Integers, truth: Integers) -> dict[str, Any]:
    table = count_contingencies(components, truth)
    overlaps, sizes = score_table(table).T
    return {
        "overlaps": overlaps.round(5).tolist(),
        "sizes": sizes.astype(int).tolist(),
        "pri": round(measure_rand_index(table), 6),
        "voi": round(measure_variation(table), 6),
        "many_to_one": round(measure_many_to_one(count_contingencies(labels, truth)), 6),
    }
