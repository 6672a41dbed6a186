"""From the image layers on view to a frozen job, and from its labels to a new layer. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.components import Dims
from napari.layers import Image

from napari_dynaseg._napari.layers.reading import (
    explain_mismatch,
    find_level,
    list_levels,
    read_layer_axes,
)
from napari_dynaseg._napari.layers.transforms import find_unit_ratios, read_transform
from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.axes import Axes, Position
from napari_dynaseg.image.pixels import Plane, Scaling
from napari_dynaseg.image.stack_image import Channels, StackImage
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.region_of_interest import RegionOfInterest


@dataclass(frozen=True, eq=False)
class Job:
    """The frozen input of a run: whatever happens to the layers afterwards changes nothing.

    Parameters
    ----------
    stack
        The image, all its planes.
    position
        Which plane was on view: its index on each axis, `None` on an axis that is used whole.
    placement
        Scale, translate, rotate, shear, affine, units and axis labels of a layer of its labels.
    stack_placement
        Likewise of a layer of the labels of all planes.
    pinned
        The plane as it was, (C, H, W), where it lay in memory; `None` for lazy arrays, which
        are read when the job runs.
    within
        The part of the plane that the run is limited to; by default all of it.
    scribbled
        (H, W), the labels that the user has given to some pixels of the plane, 0 elsewhere;
        `None` where none are used.
    guidance
        (H, W), another segmentation of the plane, 0 where there is none; `None` where none is used.
    """

    stack: StackImage
    position: Position
    placement: dict[str, Any]
    stack_placement: dict[str, Any]
    pinned: Channels | None = None
    within: RegionOfInterest | None = None
    scribbled: LabelMap | None = None
    guidance: LabelMap | None = None

    @property
    def axes(self) -> Axes:
        """How the axes of the image are read."""
        return self.stack.axes

    def read_plane(self) -> Plane:
        """Read the plane that was on view as a float32 array of shape (C, H, W).

        Raises
        ------
        FileError
            If a lazy array cannot be read.
        ImageError
            If the pixels are no plane.
        """
        pinned = self.pinned
        channels = self.stack.read_channels(self.position) if pinned is None else pinned
        return Scaling.measure([channels]).apply(channels)

    def lay_strokes(self, labels: LabelMap) -> LabelMap:
        """Lay what was scribbled over labels of its plane, (H, W)."""
        if self.scribbled is None:
            return labels
        drawn = self.within.keep(self.scribbled) if self.within else self.scribbled
        return np.where(drawn > 0, drawn, labels)


def require_whole(job: Job, what: str) -> None:
    """Refuse a job that is limited to a part, where what it is for labels whole planes.

    Raises
    ------
    ImageError
        If it is limited.
    """
    if job.within is not None:
        raise ImageError(f"{what} labels whole planes; choose Everywhere in Only inside")


def snapshot(layer: Image, dims: Dims, channels: Sequence[Image] = ()) -> Job:
    """Freeze the plane on view into a job.

    Parameters
    ----------
    layer
        The image.
    dims
        The viewer's dims, which say which plane is on view.
    channels
        Where several layers are the channels of one image, all of them in their order, `layer`
        among them.

    Raises
    ------
    ImageError
        If no plane of the layer is on view, or the layers do not agree.
    """
    axes = read_layer_axes(layer, dims, channels)
    if problem := explain_mismatch(layer, channels, axes):
        raise ImageError(problem)
    level = find_level(layer, axes.plane)
    factors = _find_factors(layer, level)
    stack = _open_stack(layer, channels or [layer], axes, level)
    position = _find_position(layer, dims, axes, factors)
    first = axes.place([0] * len(axes.stack))
    return Job(
        stack=stack,
        position=position,
        placement=_place(layer, axes, position, factors),
        stack_placement=_place(layer, axes, first, factors),
        pinned=stack.read_channels(position) if _is_in_memory(stack) else None,
    )


def _open_stack(layer: Image, channels: Sequence[Image], axes: Axes, level: int) -> StackImage:
    paths = {channel.source.path for channel in channels}
    return StackImage(
        arrays=tuple(list_levels(channel)[level] for channel in channels),
        axes=axes,
        name=", ".join(channel.name for channel in channels),
        path=paths.pop() if len(paths) == 1 else None,
        scale=tuple((np.asarray(layer.scale) * _find_factors(layer, level)).tolist()),
        units=tuple(map(str, layer.units)),
        level=level,
    )


def _is_in_memory(stack: StackImage) -> bool:
    return all(
        isinstance(array, np.ndarray) and not isinstance(array, np.memmap) for array in stack.arrays
    )


def _find_factors(layer: Image, level: int) -> npt.NDArray[np.float64]:
    """Find how many entries of the finest level one of this level covers, on each axis."""
    finest, coarse = (list_levels(layer)[n].shape[: layer.ndim] for n in (0, level))
    factors: npt.NDArray[np.float64] = np.divide(finest, coarse)
    return factors


def _find_position(
    layer: Image, dims: Dims, axes: Axes, factors: npt.NDArray[np.float64]
) -> Position:
    """Find the plane that napari shows: tilts of the hidden axes into the plane do not count."""
    hidden = [axis for axis in range(layer.ndim) if axis not in axes.plane]
    point = np.asarray(dims.point[-layer.ndim :]) * find_unit_ratios(layer, dims)
    world_to_data = layer.affine.compose(read_transform(layer)).inverse
    coordinates = world_to_data.set_slice(hidden)(point[hidden]) if hidden else []
    finest = dict(zip(hidden, np.round(coordinates).astype(int).tolist(), strict=True))
    for axis in axes.stack:
        count = round(axes.sizes[axis] * factors[axis])
        if not 0 <= finest[axis] < count:
            raise ImageError(
                f"the view is beside {layer.name!r} on axis {axes.names[axis]}: expected a plane "
                f"from 0 to {count - 1}; got {finest[axis]}"
            )
    return axes.place([int((finest[axis] + 0.5) / factors[axis]) for axis in axes.stack])


def _place(
    layer: Image, axes: Axes, position: Position, factors: npt.NDArray[np.float64]
) -> dict[str, Any]:
    """Work out where labels that begin at a plane lie in the world.

    On the channel axis, on which the image has an extent and the labels have none, their one
    entry is stretched over all the channels, so that they show whichever channel is on view.
    """
    start = np.array([0 if at is None else at for at in position], dtype=float)
    stretch = np.ones(layer.ndim)
    if axes.channel is not None:
        stretch[axes.channel] = axes.sizes[axes.channel]
        start[axes.channel] = (axes.sizes[axes.channel] - 1) / 2
    at_finest = (start + 0.5) * factors - 0.5
    return {
        "scale": np.asarray(layer.scale) * factors * stretch,
        "translate": np.asarray(read_transform(layer)(at_finest)),
        "rotate": layer.rotate,
        "shear": layer.shear,
        "affine": layer.affine,
        "units": layer.units,
        "axis_labels": layer.axis_labels,
    }
