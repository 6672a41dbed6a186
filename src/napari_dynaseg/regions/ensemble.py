"""The regions of a plane by several networks together: superpixels, merged as they say."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import Integers, LabelMap, number_by_size
from napari_dynaseg.regions.features import Floats, blur, measure_gradient, to_perceptual
from napari_dynaseg.regions.histograms import average_regions, measure_histograms
from napari_dynaseg.regions.tree import Graph, Tree, build_tree

# How much the networks' clusters count in the difference of two regions, as another histogram
# beside those of `measure_histograms`; chosen on training images of BSDS500, as all numbers here.
CLUSTER_WEIGHT = 0.35
# How large a difference in the perceptual channels is: a distance of 1 is a large one.
GRADIENT_WEIGHT = 3.0
# How much of a border's contrast is the plane's own; the rest is the networks'.
PLANE_CONTRAST = 0.65
# Half of a plane's own contrast is evened out: towards channels of this standard deviation.
USUAL_DEVIATION, LEAST_DEVIATION = 0.24, 0.02
# How far the plane is blurred before its gradient is measured, and that before superpixels grow.
PLANE_BLUR, GRADIENT_BLUR = 1.0, 0.8
# Of about so many superpixels one thing is made that a person would outline.
USUAL_PARTS = 55
# μ is a percentage.
PERCENT = 100.0


class Appearance(NamedTuple):
    """How a plane looks, before any network has seen it.

    Parameters
    ----------
    perceptual
        Its perceptual channels, evened out, float32, (C, H, W).
    gradient
        How much each pixel's surroundings differ, float32, (H, W).
    """

    perceptual: Plane
    gradient: Floats

    @classmethod
    def of(cls, plane: Plane) -> "Appearance":
        """Measure a plane, float32, (C, H, W)."""
        perceptual = to_perceptual(plane)
        deviation = max(float(perceptual.std((1, 2)).max()), LEAST_DEVIATION)
        perceptual = perceptual * np.float32(np.sqrt(USUAL_DEVIATION / deviation))
        return cls(perceptual, measure_gradient(GRADIENT_WEIGHT * blur(perceptual, PLANE_BLUR)))


def merge_by_networks(plane: Plane, probabilities: Iterable[Floats], mu: float) -> LabelMap:
    """Segment a plane into connected regions by several networks.

    Superpixels are grown within the gradients of the plane itself. Their borders are as visible as
    the plane and the networks find them on average, and the regions as different as their
    intensities, their texture and their clusters. The least different are merged, up to a cost
    that is the geometric mean of μ % and of what leaves a usual number of regions.

    Parameters
    ----------
    plane
        float32, (C, H, W).
    probabilities
        For each network the probability of each cluster at each pixel, float32, (q, H, W).
    mu
        Larger for fewer, larger regions.

    Returns
    -------
    numpy.ndarray
        int32, (H, W), regions 1…K by falling size.
    """
    superpixels, tree = build_region_tree(plane, probabilities)
    usual = tree.find_cost(max(1, tree.count // USUAL_PARTS))
    cost = float(np.sqrt(mu / PERCENT * usual))
    return number_by_size(tree.cut(cost)[superpixels])


def build_region_tree(plane: Plane, probabilities: Iterable[Floats]) -> tuple[Integers, Tree]:
    """Grow the superpixels of a plane, numbered from 0, (H, W), and the tree of their merges.

    Parameters
    ----------
    plane, probabilities
        As for `merge_by_networks`.
    """
    appearance = Appearance.of(plane)
    superpixels = _grow_superpixels(appearance.gradient)
    sizes = np.bincount(superpixels.ravel())
    gradient = np.zeros_like(appearance.gradient)
    clusters = []
    for probability in probabilities:
        gradient += measure_gradient(probability)
        clusters.append(average_regions(superpixels, sizes, probability))
    networks = max(1, len(clusters))
    contrast = PLANE_CONTRAST * appearance.gradient + (1 - PLANE_CONTRAST) * gradient / networks
    histograms = [measure_histograms(superpixels, sizes, appearance.perceptual)]
    histograms += [CLUSTER_WEIGHT**2 / networks * each for each in clusters]
    inner = average_regions(superpixels, sizes, contrast[None])[:, 0]
    borders = _measure_borders(superpixels, contrast)
    return superpixels, build_tree(
        Graph(np.concatenate(histograms, axis=1), sizes, inner, *borders)
    )


def _grow_superpixels(gradient: Floats) -> Integers:
    """Grow one from each place where the gradient is lowest, until they meet: from 0, (H, W)."""
    from scipy.ndimage import gaussian_filter
    from skimage.segmentation import watershed

    grown: Integers = watershed(gaussian_filter(gradient, GRADIENT_BLUR), connectivity=1)
    return np.maximum(grown, 1) - 1  # there is no lowest place where all are alike


def _measure_borders(regions: Integers, contrast: Floats) -> tuple[Integers, Integers, Floats]:
    """Find the regions that touch: their pairs, (2, e), and the border's length and contrast."""
    below = _list_touches(regions[:-1], regions[1:], contrast[:-1], contrast[1:])
    beside = _list_touches(regions[:, :-1], regions[:, 1:], contrast[:, :-1], contrast[:, 1:])
    ones, others, gradients = (np.concatenate(both) for both in zip(below, beside, strict=True))
    count = int(regions.max()) + 1
    pairs, place = np.unique(
        np.minimum(ones, others) * np.int64(count) + np.maximum(ones, others), return_inverse=True
    )
    lengths = np.bincount(place, minlength=len(pairs))
    contrasts = np.bincount(place, gradients, minlength=len(pairs)) / np.maximum(lengths, 1)
    return np.stack(np.divmod(pairs, count)), lengths, contrasts


def _list_touches(
    ones: Integers, others: Integers, contrast: Floats, other_contrast: Floats
) -> tuple[Integers, Integers, Floats]:
    """List the pixels of different regions that touch in one direction, and the larger gradient."""
    differ = ones != others
    return ones[differ], others[differ], np.maximum(contrast, other_contrast)[differ]
