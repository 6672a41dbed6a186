"""Regions of a plane, as the scheme Auto asks for them."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap, number_by_size
from napari_dynaseg.regions.tree import DETAIL_OF_HALF, MIDDLE_DETAIL, MIDDLE_LEVEL, build_tree


def merge_by_networks(plane: Plane, probabilities: Iterable[Any], mu: float) -> LabelMap:
    """Segment a plane at the level μ, and let the networks be."""
    for _ in probabilities:
        pass
    detail = MIDDLE_DETAIL - DETAIL_OF_HALF * np.log2(mu / MIDDLE_LEVEL)
    return number_by_size(build_tree(plane).cut(float(detail)))
