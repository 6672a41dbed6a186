"""From the image layer on view to a frozen job, and from its labels to a new layer. No Qt."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.components import Dims
from napari.layers import Image
from napari.utils.transforms import Affine

from napari_dynaseg.axes import Axes, read_axes
from napari_dynaseg.errors import FileError, ImageError
from napari_dynaseg.labels import LabelMap
from napari_dynaseg.pixels import Plane, to_plane
from napari_dynaseg.recipe import Source


@dataclass(frozen=True, eq=False)
class Job:
    """The frozen input of a run: whatever happens to the layer afterwards changes nothing.

    Parameters
    ----------
    name
        Name of the image layer at the time.
    path
        File of the image, if it has one.
    axes
        How the axes of the image are read.
    position
        Index of the plane on each axis, `None` on an axis that is used whole.
    pixels
        The plane: shape (H, W), with a channel axis or with colour samples. An array of the
        user's session is copied; a lazy one is read when the job runs.
    placement
        Scale, translate, rotate, shear, affine, units and axis labels of the new layer.
    """

    name: str
    path: str | None
    axes: Axes
    position: tuple[int | None, ...]
    pixels: Any
    placement: dict[str, Any]

    def read_plane(self) -> Plane:
        """Read the pixels as a float32 plane of shape (C, H, W).

        Raises
        ------
        FileError
            If a lazy array cannot be read.
        ImageError
            If the pixels are no plane.
        """
        try:
            pixels = np.asarray(self.pixels)
        except Exception as error:  # a lazy array raises whatever its file format does
            raise FileError(
                f"{self.name}: plane {self.position} cannot be read: {error}"
            ) from error
        return to_plane(pixels, self._channel_axis)

    @property
    def _channel_axis(self) -> int | None:
        if self.axes.channel is None:
            return None
        return sorted((*self.axes.plane, self.axes.channel)).index(self.axes.channel)

    def describe_source(self, plane: Plane) -> Source:
        """Describe the pixels for the recipe."""
        return Source.of(plane, self.name, path=self.path, position=self.position)

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Rows and columns of the plane."""
        first, second = self.axes.plane
        return self.axes.sizes[first], self.axes.sizes[second]

    def wrap_labels(self, labels: LabelMap) -> npt.NDArray[np.int32]:
        """Give a label map (H, W) the axes of its layer: length 1 on all but the plane's."""
        shape = [
            size if axis in self.axes.plane else 1 for axis, size in enumerate(self.axes.sizes)
        ]
        return labels.reshape(shape)


def read_layer_axes(layer: Image, dims: Dims) -> Axes:
    """Read the axes of a layer as the viewer shows it.

    Raises
    ------
    ImageError
        If the view is in 3D, or shows an axis that the layer does not have.
    """
    if dims.ndisplay != 2:
        raise ImageError("the view is in 3D; switch it to 2D to choose the plane to segment")
    missing = dims.ndim - layer.ndim
    displayed = [axis - missing for axis in dims.displayed]
    if min(displayed) < 0:
        raise ImageError(f"the view shows an axis that {layer.name!r} does not have")
    data = _finest(layer)
    samples = int(data.shape[-1]) if layer.rgb else 0
    return read_axes(data.shape[: layer.ndim], layer.axis_labels, displayed, samples)


def snapshot(layer: Image, dims: Dims) -> Job:
    """Freeze the plane on view into a job.

    Parameters
    ----------
    layer
        The image.
    dims
        The viewer's dims, which say which plane is on view.

    Raises
    ------
    ImageError
        If no plane of the layer is on view.
    """
    axes = read_layer_axes(layer, dims)
    position = _find_position(layer, dims, axes)
    pixels = _finest(layer)[tuple(slice(None) if at is None else at for at in position)]
    return Job(
        name=layer.name,
        path=layer.source.path,
        axes=axes,
        position=position,
        pixels=np.array(pixels) if isinstance(pixels, np.ndarray) else pixels,
        placement=_place(layer, axes, position),
    )


def _finest(layer: Image) -> Any:
    return layer.data[0] if layer.multiscale else layer.data


def _find_position(layer: Image, dims: Dims, axes: Axes) -> tuple[int | None, ...]:
    coordinates = layer.world_to_data(dims.point)
    position: list[int | None] = [None] * layer.ndim
    for axis in axes.stack:
        at = round(float(coordinates[axis]))
        if not 0 <= at < axes.sizes[axis]:
            raise ImageError(
                f"the view is beside {layer.name!r} on axis {axes.names[axis]}: expected a plane "
                f"from 0 to {axes.sizes[axis] - 1}; got {at}"
            )
        position[axis] = at
    return tuple(position)


def _place(layer: Image, axes: Axes, position: tuple[int | None, ...]) -> dict[str, Any]:
    """Work out where the label layer lies in the world.

    On a stack axis it starts at its plane. On the channel axis, on which the image has an
    extent and the labels have none, its one entry is stretched over all the channels, so that
    the labels show whichever channel is on view.
    """
    start = np.array([0 if at is None else at for at in position], dtype=float)
    stretch = np.ones(layer.ndim)
    if axes.channel is not None:
        stretch[axes.channel] = axes.sizes[axes.channel]
        start[axes.channel] = (axes.sizes[axes.channel] - 1) / 2
    data_to_world = Affine(
        scale=layer.scale, translate=layer.translate, rotate=layer.rotate, shear=layer.shear
    )
    return {
        "scale": np.asarray(layer.scale) * stretch,
        "translate": np.asarray(data_to_world(start)),
        "rotate": layer.rotate,
        "shear": layer.shear,
        "affine": layer.affine,
        "units": layer.units,
        "axis_labels": layer.axis_labels,
    }
