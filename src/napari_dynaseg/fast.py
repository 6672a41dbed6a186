"""Fast quality: how far a plane is reduced for training, and when a training has settled."""

import math

import numpy as np
import numpy.typing as npt

from napari_dynaseg.labels import LabelMap
from napari_dynaseg.pixels import Plane
from napari_dynaseg.settings import Settings

# A plane is reduced until it has about this many pixels, but no further than by this factor:
# what a microscope shows does not grow with the frame.
WANTED_PIXELS = 12_000
USUAL_REDUCTION = 4
# Beyond this many pixels a training takes too long, and larger planes are reduced further.
MOST_PIXELS = 150_000
# Planes no longer than this on either side are trained on as they are.
SMALL_SIDE = 200

# Up to here the labels of the whole plane are computed for a preview, in about a second.
MOST_PREVIEWED_PIXELS = 500_000

# A training has settled when for so many iterations in a row q' stayed and fewer than this share
# of the pixels changed their labels, but not before it has had the least iterations. It ends
# after the most in any case: SCF goes on merging for hundreds.
LEAST_ITERATIONS = 20
MOST_ITERATIONS = 45
CALM_ITERATIONS = 8
CALM_SHARE = 0.02


def limit_iterations(settings: Settings) -> int:
    """Give the most iterations that a run can have."""
    if settings.quality == "fast":
        return min(settings.iterations, MOST_ITERATIONS)
    return settings.iterations


def choose_reduction(height: int, width: int) -> int:
    """Choose by which whole number a plane is reduced in each direction.

    Examples
    --------
    >>> choose_reduction(180, 200), choose_reduction(321, 481), choose_reduction(4096, 4096)
    (1, 4, 11)
    """
    if max(height, width) <= SMALL_SIDE:
        return 1
    pixels = height * width
    usual = min(USUAL_REDUCTION, math.ceil(math.sqrt(pixels / WANTED_PIXELS)))
    return max(usual, math.ceil(math.sqrt(pixels / MOST_PIXELS)))


def reduce_plane(plane: Plane, reduction: int) -> Plane:
    """Take one pixel of each square of a plane, the one in its middle.

    Averages look better, but train worse: what the network learns is applied to single pixels
    afterwards, with their noise and their sharpness.

    Parameters
    ----------
    plane
        (C, H, W).
    reduction
        The side of the squares.

    Returns
    -------
    numpy.ndarray
        float32, (C, ⌈H / reduction⌉, ⌈W / reduction⌉), its own memory. Of a square that the end
        of the plane cuts off, the pixel nearest to its middle is taken.
    """
    rows, columns = (_find_middles(size, reduction) for size in plane.shape[1:])
    return plane[:, rows[:, None], columns]


def _find_middles(size: int, reduction: int) -> npt.NDArray[np.integer]:
    return np.minimum(np.arange(0, size, reduction) + reduction // 2, size - 1)


def enlarge_labels(labels: LabelMap, reduction: int, shape: tuple[int, int]) -> LabelMap:
    """Repeat each pixel of a reduced label map over the square it stands for."""
    height, width = shape
    enlarged = labels.repeat(reduction, axis=0)[:height].repeat(reduction, axis=1)
    return np.ascontiguousarray(enlarged[:, :width])


class Calm:
    """Watches a training, and tells when it has settled."""

    def __init__(self) -> None:
        self._iterations = 0
        self._calm = 0
        self._labels: LabelMap | None = None
        self._in_use = 0

    def watch(self, labels: LabelMap, labels_in_use: int) -> None:
        """Note the labels of one iteration."""
        self._iterations += 1
        changed = 1.0 if self._labels is None else float((labels != self._labels).mean())
        is_calm = labels_in_use == self._in_use and changed < CALM_SHARE
        self._calm = self._calm + 1 if is_calm else 0
        self._labels, self._in_use = labels, labels_in_use

    @property
    def has_settled(self) -> bool:
        """Whether there is little to gain from going on."""
        return self._iterations >= LEAST_ITERATIONS and self._calm >= CALM_ITERATIONS
