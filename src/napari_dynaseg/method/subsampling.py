"""Fast quality: how far a plane is reduced for training, and how long the training is."""

import math
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.annotation_maps import ELSEWHERE, NO_ANNOTATIONS, Annotations
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.settings import Scheme, Settings

# Rows and columns of the pixels that stand for the squares of a plane.
Samples = tuple[npt.NDArray[np.integer], npt.NDArray[np.integer]]


class Training(NamedTuple):
    """The training of a scheme in Fast quality.

    Parameters
    ----------
    iterations
        How long it is for clusters as published, and where the user teaches it.
    clean_iterations
        How long where a tree has the outlines: it takes care of the speckle, which a training
        would go on merging, and with it what is worth telling apart.
    reduction
        How far a plane is reduced for it, at most.
    """

    iterations: int
    clean_iterations: int
    reduction: int


# SCF goes on merging regions for long. The others have found theirs after a few iterations, and
# lose score on the training images of BSDS500 when they go on; so they can afford more pixels.
TRAININGS: MappingProxyType[Scheme, Training] = MappingProxyType(
    {
        "scf": Training(iterations=45, clean_iterations=12, reduction=4),
        "fsf": Training(iterations=20, clean_iterations=10, reduction=3),
        "fixed": Training(iterations=20, clean_iterations=10, reduction=3),
    }
)

# A plane is reduced until it has about this many pixels, but no further than its scheme says:
# what a microscope shows does not grow with the frame.
WANTED_PIXELS = 12_000
# Beyond this many pixels a training takes too long, and larger planes are reduced further.
MOST_PIXELS = 75_000
# Planes no longer than this on either side are trained on as they are.
SMALL_SIDE = 200

# Up to here the labels of the whole plane are computed for a preview, in about half a second.
MOST_PREVIEWED_PIXELS = 500_000


def limit_iterations(settings: Settings, is_taught: bool = False) -> int:
    """Give the most iterations that a run can have, if no knob is turned on the way.

    Parameters
    ----------
    settings
        Its knobs.
    is_taught
        Whether strokes, a guidance or a network from before lead it.
    """
    if settings.quality == "exact":
        return settings.iterations
    training = TRAININGS[settings.scheme]
    is_short = settings.needs_tree and not is_taught
    return min(settings.iterations, training.clean_iterations if is_short else training.iterations)


def choose_reduction(height: int, width: int, settings: Settings) -> int:
    """Choose by which whole number a plane is reduced in each direction.

    Examples
    --------
    >>> shapes = (180, 200), (321, 481), (4096, 4096)
    >>> [choose_reduction(*shape, Settings(scheme="scf")) for shape in shapes]
    [1, 4, 15]
    >>> [choose_reduction(*shape, Settings(scheme="fsf")) for shape in shapes]
    [1, 3, 15]
    """
    pixels = height * width
    if settings.quality == "exact" or max(height, width) <= SMALL_SIDE:
        return 1
    most = TRAININGS[settings.scheme].reduction
    usual = min(most, math.ceil(math.sqrt(pixels / WANTED_PIXELS)))
    return max(usual, math.ceil(math.sqrt(pixels / MOST_PIXELS)))


def choose_samples(
    shape: tuple[int, int], reduction: int, scribbles: LabelMap | None = None
) -> Samples:
    """Choose one pixel of each square of a plane: the one in its middle.

    Averages look better, but train worse: what the network learns is applied to single pixels
    afterwards, with their noise and their sharpness. Where the user has scribbled in a square,
    the scribbled pixel nearest to the middle is taken, so that thin strokes are not lost.

    Parameters
    ----------
    shape
        (H, W) of the plane.
    reduction
        The side of the squares.
    scribbles
        (H, W), 0 where nothing was scribbled.

    Returns
    -------
    tuple
        The rows and the columns of the pixels, each (⌈H / reduction⌉, ⌈W / reduction⌉). Of a
        square that the end of the plane cuts off, the pixel nearest to its middle is taken.
    """
    middles = [_find_middles(size, reduction) for size in shape]
    rows, columns = np.meshgrid(*middles, indexing="ij")
    if scribbles is not None:
        drawn = np.argwhere(scribbles)
        squares = drawn // reduction
        away = np.abs(drawn - np.stack([rows, columns], -1)[tuple(squares.T)]).sum(axis=1)
        order = np.argsort(-away, kind="stable")  # of several in a square the last one stays
        rows[tuple(squares[order].T)], columns[tuple(squares[order].T)] = drawn[order].T
    return rows, columns


def reduce_together(
    planes: Sequence[Plane],
    reduction: int,
    annotations: Annotations = NO_ANNOTATIONS,
) -> tuple[Plane, Annotations]:
    """Reduce planes and lay them below each other, with what is given on the first of them.

    Parameters
    ----------
    planes
        Of one shape, (C, H, W).
    reduction
        The side of the squares that a pixel is chosen from, as in `choose_samples`.
    annotations
        Of the first plane.

    Returns
    -------
    tuple
        The picture, and the annotations of its pixels; of the other planes there are none.
    """
    _, height, width = planes[0].shape
    plain = choose_samples((height, width), reduction)
    drawn = choose_samples((height, width), reduction, annotations.scribbles)
    parts = [planes[0][:, *drawn], *(plane[:, *plain] for plane in planes[1:])]
    picture = np.concatenate(parts, axis=1)

    def reduce(given: npt.NDArray[Any] | None, elsewhere: int) -> Any:
        if given is None:
            return None
        reduced = np.full(picture.shape[1:], elsewhere, given.dtype)
        reduced[: len(drawn[0])] = given[drawn]
        return reduced

    return picture, Annotations(*map(reduce, annotations, ELSEWHERE))


def _find_middles(size: int, reduction: int) -> npt.NDArray[np.integer]:
    return np.minimum(np.arange(0, size, reduction) + reduction // 2, size - 1)


def enlarge_labels(labels: LabelMap, reduction: int, shape: tuple[int, int]) -> LabelMap:
    """Repeat each pixel of a reduced label map over the square it stands for."""
    height, width = shape
    enlarged = labels.repeat(reduction, axis=0)[:height].repeat(reduction, axis=1)
    return np.ascontiguousarray(enlarged[:, :width])
