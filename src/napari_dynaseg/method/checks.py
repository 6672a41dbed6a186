"""What a training is given, checked before any work: planes, scribbles and a guidance."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.annotations import GUIDANCE, SCRIBBLES, AnnotationKind
from napari_dynaseg.settings import Settings


def check_planes(planes: Sequence[Plane]) -> None:
    """Refuse planes that cannot be trained on together.

    Raises
    ------
    ImageError
        If one has another shape or dtype, or values that are not finite.
    """
    for plane in planes:
        _check_plane(plane)
        if plane.shape != planes[0].shape:
            raise ImageError(
                f"planes to train on together must have one shape; got {planes[0].shape} "
                f"and {plane.shape}"
            )


def _check_plane(plane: Plane) -> None:
    if plane.dtype != np.float32 or plane.ndim != 3 or not len(plane) or plane[0].size < 2:
        raise ImageError(
            "a plane must be float32 of shape (C, H, W) with more than one pixel; "
            f"got {plane.dtype} of shape {plane.shape}"
        )
    if not np.isfinite(plane).all():
        raise ImageError("a plane must have finite values; got NaN or infinity")


def check_scribbles(scribbles: LabelMap, plane: Plane, settings: Settings) -> None:
    """Refuse scribbles, in the channels of a response map, that do not fit a training.

    Raises
    ------
    ImageError
        If they do not fit the plane, have labels beyond q, or leave no channel free.
    """
    SCRIBBLES.check_shape(scribbles, plane.shape[1:])
    if scribbles.min() < 0 or scribbles.max() > settings.channels:
        raise ImageError(
            f"scribbles must be from 1 to {settings.channels}, the channels, or 0; "
            f"got {scribbles.min()} to {scribbles.max()}"
        )
    count = len(np.unique(scribbles[scribbles > 0]))
    if count >= settings.channels:
        raise ImageError(
            f"scribbles must leave a channel free, or nothing would be trained; got {count} "
            f"labels with {settings.channels} channels; raise the channels"
        )


def check_guidance(guidance: LabelMap, plane: Plane) -> None:
    """Refuse a guidance that does not fit a training.

    Raises
    ------
    ImageError
        If it does not fit the plane, has labels below 0 or beyond int32, or is 0 everywhere.
    """
    GUIDANCE.check_shape(guidance, plane.shape[1:])
    GUIDANCE.check_labels(guidance)
    GUIDANCE.check_some(guidance)


def read_given(
    given: npt.ArrayLike | None, plane: Plane, kind: AnnotationKind
) -> npt.NDArray[np.integer] | None:
    """Read labels that a user gives to some pixels of a plane, (H, W), if there are some.

    Truth values are taken as 0 and 1.

    Raises
    ------
    ImageError
        If they are no whole numbers, or have another shape.
    """
    if given is None:
        return None
    labels = np.asarray(given)
    labels = labels.astype(np.uint8) if labels.dtype.kind == "b" else labels
    if labels.dtype.kind not in "iu":
        raise ImageError(f"{kind.name} must be whole numbers; got {labels.dtype}")
    kind.check_shape(labels, plane.shape[1:])
    return labels
