"""A network trained on with what a user painted, and how far its new labels are taken over."""

from collections.abc import Generator
from typing import NamedTuple

import numpy as np

from napari_dynaseg.engine.weights import Weights
from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap, Mask
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.method.run import run
from napari_dynaseg.method.run_input import RunInput
from napari_dynaseg.method.scribbles import Numbers, Scribbles
from napari_dynaseg.method.step import Step
from napari_dynaseg.settings import Settings

# The knobs that a refinement reads; all others made the network.
REFINING_KNOBS = ("scheme", "mu", "refine_iterations", "scribble_weight")

# How far what is like paint follows it, in sides of a square of as many pixels as were painted.
# Chosen on training images of BSDS500: farther, regions that were right are overrun.
REACH = 1.5
# What is filled of a refined region: gaps of up to twice this radius, and holes of so many pixels.
GAP_RADIUS = 5
HOLE_PIXELS = 100
# How far a region's outline may move from one plane of a stack to the next, in sides of a square
# of as many pixels: farther, a region that touches others takes them over within some planes.
REACH_BETWEEN_PLANES = 0.1


class Refined(NamedTuple):
    """What a refinement came to.

    Parameters
    ----------
    labels
        (H, W), the new labels, with the user's paint.
    spread
        (H, W), the label of each region that grew out of paint; 0 elsewhere.
    step
        The last one.
    numbers
        The label that each channel stands for now, (q + 1,); entry 0 is 0.
    """

    labels: LabelMap
    spread: LabelMap
    step: Step
    numbers: Numbers


def train_on(
    plane: Plane,
    settings: Settings,
    weights: Weights,
    numbers: Numbers,
    shown: LabelMap,
    painted: Mask,
    within: RegionOfInterest | None = None,
) -> Generator[Step, None, Refined]:
    """Train a network on with what the user painted; yields each step.

    Parameters
    ----------
    plane
        (C, H, W), scaled as what the network was trained on before.
    settings
        Those of the network, but for the knobs of a refinement, `REFINING_KNOBS`.
    weights, numbers
        Of the network: one vector, and the label of each channel, (q + 1,); entry 0 is 0.
    shown
        (H, W), the labels with the user's paint.
    painted
        (H, W), where that paint is. Pixels painted with 0 are kept, and teach nothing.
    within
        The part that the network was limited to; what is outside stays as it is.

    Raises
    ------
    ImageError
        If there is no channel left for a new label, or nothing is painted in the part.
    """
    if within:
        if not painted[within.mask].any():
            raise ImageError(
                "nothing is painted in the part of the plane that the run was limited to"
            )
        parts = within.cut(shown), within.cut(painted)
        refined = yield from train_on(within.crop(plane), settings, weights, numbers, *parts)
        labels = within.place(refined.labels, around=shown)
        return refined._replace(labels=labels, spread=within.place(refined.spread))
    strokes = np.where(painted, shown, 0)
    scribbles = Scribbles.for_network(strokes, numbers, shown)
    wanted = settings.change(iterations=settings.refine_iterations)
    step = (yield from run(RunInput((plane,), wanted, start=weights, scribbles=scribbles))).step
    spread = spread_from_paint(scribbles.numbers[step.labels], strokes)
    return Refined(lay_over(shown, spread, painted), spread, step, scribbles.numbers)


def spread_from_paint(labels: LabelMap, strokes: LabelMap) -> LabelMap:
    """Find the regions of new labels that grew out of paint, without their gaps.

    Parameters
    ----------
    labels
        (H, W), what a network gives that was trained on with the paint.
    strokes
        (H, W), the painted labels; 0 elsewhere.

    Returns
    -------
    numpy.ndarray
        (H, W): the parts of each painted label that are connected with its paint and not far
        from it, gaps up to 10 pixels wide and small holes filled; 0 elsewhere.
    """
    return _spread(labels, strokes, REACH, with_origins=True)


def spread_from_plane(labels: LabelMap, neighbour: LabelMap) -> LabelMap:
    """Find the regions of new labels that go on from the neighbouring plane of a stack.

    Parameters
    ----------
    labels
        (H, W), what the network gives for this plane.
    neighbour
        (H, W), the regions that grew out of paint there; 0 elsewhere.

    Returns
    -------
    numpy.ndarray
        (H, W): the parts of each of their labels that touch its region on the neighbour and do
        not go far beyond it, gaps and small holes filled; 0 elsewhere.
    """
    return _spread(labels, neighbour, REACH_BETWEEN_PLANES, with_origins=False)


def _spread(labels: LabelMap, origins: LabelMap, reach: float, with_origins: bool) -> LabelMap:
    spread = np.zeros_like(labels)
    for number in np.unique(origins[origins != 0]).tolist():
        origin = origins == number
        furthest = max(1, reach * np.sqrt(np.count_nonzero(origin)))
        alike = (labels == number) & _find_surroundings(origin, furthest)
        alike |= origin & with_origins
        if (touching := alike & origin).any():
            spread[_fill_gaps(_find_connected(alike, touching))] = number
    return spread


def lay_over(shown: LabelMap, spread: LabelMap, painted: Mask) -> LabelMap:
    """Lay regions over the labels that are shown, but for painted pixels, which stay."""
    labels: LabelMap = np.where((spread != 0) & ~painted, spread, shown)
    return labels


def _find_surroundings(region: Mask, reach: float) -> Mask:
    from scipy.ndimage import distance_transform_edt

    surroundings: Mask = distance_transform_edt(~region) <= reach
    return surroundings


def _find_connected(region: Mask, strokes: Mask) -> Mask:
    from skimage.measure import label

    parts = label(region, connectivity=1)
    connected: Mask = np.isin(parts, np.unique(parts[strokes]))
    return connected


def _fill_gaps(region: Mask) -> Mask:
    from scipy.ndimage import binary_closing
    from skimage.measure import label
    from skimage.morphology import disk

    padded = np.pad(region, GAP_RADIUS)
    closed = binary_closing(padded, disk(GAP_RADIUS))
    filled: Mask = closed[GAP_RADIUS:-GAP_RADIUS, GAP_RADIUS:-GAP_RADIUS]
    holes = label(~filled, connectivity=1)
    is_small = np.bincount(holes.ravel()) <= HOLE_PIXELS
    is_small[0] = False
    filled |= is_small[holes]
    return filled
