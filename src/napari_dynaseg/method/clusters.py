"""The clusters of a plane by a trained network: of every pixel, or of as many as regions need."""

import math

import numpy as np

from napari_dynaseg.engine.apply import Statistics
from napari_dynaseg.engine.trainer import apply_network
from napari_dynaseg.engine.weights import Weights
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.subsampling import choose_samples, enlarge_labels
from napari_dynaseg.settings import Settings

# Where a tree has the outlines, its regions vote with about so many pixels at most.
MOST_VOTERS = 1_100_000


def find_clusters(
    plane: Plane, settings: Settings, weights: Weights, statistics: Statistics | None
) -> LabelMap:
    """Find the channel of the largest response at each pixel.

    Parameters
    ----------
    plane
        float32, (C, H, W).
    settings, weights, statistics
        Of the network. Where its labels have the outlines of a tree, one pixel of each square of
        a large plane stands for all of it.

    Returns
    -------
    numpy.ndarray
        int32, (H, W), 1…q.
    """
    _, height, width = plane.shape
    side = math.ceil(math.sqrt(height * width / MOST_VOTERS)) if settings.needs_tree else 1
    if side > 1:
        plane = np.ascontiguousarray(plane[:, *choose_samples((height, width), side)])
    found, _ = apply_network(plane, settings, weights, statistics)
    return enlarge_labels(found, side, (height, width)) if side > 1 else found
