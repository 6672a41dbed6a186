"""What there is to measure of the labels of a plane or a stack; stacks are measured by plane."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from napari_dynaseg.errors import ImageError
from napari_dynaseg.labels.numbering import LabelMap

Columns = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Measurements:
    """What was measured, one row a label, by rising label.

    Parameters
    ----------
    labels
        int32, (n,).
    pixels
        How many pixels each label has, (n,).
    centroids
        The mean position of its pixels on each axis, in pixels, (n, axes).
    perimeters
        Length of its outline in pixels, (n,); NaN for a label on several planes.
    means
        The mean of each channel over its pixels, (n, channels).
    """

    labels: LabelMap
    pixels: npt.NDArray[np.int64]
    centroids: Columns
    perimeters: Columns
    means: Columns

    def insert_axis(self, axis: int, position: int) -> "Measurements":
        """Place what was measured in a stack, as a plane at a position on a further axis."""
        return replace(self, centroids=np.insert(self.centroids, axis, position, axis=1))


def measure_plane(
    labels: LabelMap, channels: npt.NDArray[np.generic] | None = None
) -> Measurements:
    """Measure the labels of a plane; 0 is left out.

    Parameters
    ----------
    labels
        (H, W).
    channels
        The image, (C, H, W), any real numbers.

    Raises
    ------
    ImageError
        If the image has another height or width.

    Examples
    --------
    >>> measure_plane(np.array([[7, 7, 0, 4]])).pixels
    array([1, 2])
    """
    from skimage.measure import regionprops_table

    if channels is None:
        channels = np.zeros((0, *labels.shape))
    if channels.shape[1:] != labels.shape:
        raise ImageError(
            f"expected an image of {labels.shape} pixels, like its labels; got {channels.shape[1:]}"
        )
    # The time to measure goes by the highest number.
    present = np.unique(labels[labels != 0])
    compact = np.searchsorted(present, labels) + 1
    compact[labels == 0] = 0
    table = regionprops_table(
        compact,
        intensity_image=np.moveaxis(channels, 0, -1) if len(channels) else None,
        properties=("area", "centroid", "perimeter", *(["intensity_mean"] * bool(len(channels)))),
    )
    means = [table[f"intensity_mean-{at}"] for at in range(len(channels))]
    return Measurements(
        labels=present.astype(np.int32),
        pixels=table["area"].astype(np.int64),
        centroids=np.stack([table["centroid-0"], table["centroid-1"]], axis=1),
        perimeters=np.asarray(table["perimeter"], np.float64),
        means=np.stack(means, axis=1) if means else np.zeros((len(present), 0)),
    )


def join_planes(planes: Iterable[Measurements]) -> Measurements:
    """Put together what was measured plane by plane.

    Parameters
    ----------
    planes
        At least one, all with the same axes and channels.

    Raises
    ------
    ImageError
        If there is none.
    """
    parts = list(planes)
    if not parts:
        raise ImageError("there is no plane to measure")
    labels, rows = np.unique(np.concatenate([part.labels for part in parts]), return_inverse=True)
    pixels, perimeters = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("pixels", "perimeters")
    )
    total = np.bincount(rows, pixels, len(labels)).astype(np.int64)
    is_once = np.bincount(rows, minlength=len(labels)) == 1

    def average(name: str) -> Columns:
        values = np.concatenate([getattr(part, name) for part in parts])
        sums = np.zeros((len(labels), values.shape[1]))
        np.add.at(sums, rows, values * pixels[:, None])
        return sums / total[:, None]

    return Measurements(
        labels=labels,
        pixels=total,
        centroids=average("centroids"),
        perimeters=np.where(is_once, np.bincount(rows, perimeters, len(labels)), np.nan),
        means=average("means"),
    )
