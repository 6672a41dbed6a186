"""Where the pixels of one layer lie in another, however the two are placed in the world. No Qt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.components import Dims
from napari.layers import Layer
from napari.utils.transforms import Affine

from napari_dynaseg.labels.numbering import Mask

Floats = npt.NDArray[np.float64]
# Of each axis of a layer one entry, or all of it.
Index = tuple[int | slice, ...]


@dataclass(frozen=True, eq=False)
class Placing:
    """How the coordinates of a layer's pixels become those of another layer.

    Parameters
    ----------
    matrix
        (axes of the other layer, axes of the layer).
    offset
        (axes of the other layer,): where pixel 0 of the layer lies.
    """

    matrix: Floats
    offset: Floats

    @classmethod
    def of(cls, convert: Callable[[Floats], Any], axes: int) -> "Placing":
        """Find the matrix and the offset of a conversion, which must be affine."""
        offset = np.asarray(convert(np.zeros(axes)), np.float64)
        columns = [np.asarray(convert(unit)) - offset for unit in np.eye(axes)]
        return cls(np.stack(columns, axis=1), offset)

    def convert(self, coordinates: npt.ArrayLike) -> Floats:
        """Convert coordinates, (…, axes of the layer)."""
        converted: Floats = np.asarray(coordinates) @ self.matrix.T + self.offset
        return converted


def find_placing(layer: Layer, other: Layer, dims: Dims) -> Placing:
    """Find where the pixels of a layer lie in another layer of the viewer.

    Parameters
    ----------
    layer, other
        The two; axes that the layer lacks lie where the viewer stands.
    dims
        The viewer's dims.
    """

    def convert(pixel: Floats) -> Floats:
        world = np.array(dims.point, np.float64)
        world[-layer.ndim :] = layer.data_to_world(pixel) / find_unit_ratios(layer, dims)
        return find_coordinates(other, world, dims)

    return Placing.of(convert, layer.ndim)


def find_coordinates(layer: Layer, world: Sequence[float] | Floats, dims: Dims) -> Floats:
    """Find the coordinates in a layer of a point that the viewer names."""
    own = np.asarray(world)[-layer.ndim :] * find_unit_ratios(layer, dims)
    return np.asarray(layer.world_to_data(own), np.float64)


def find_unit_ratios(layer: Layer, dims: Dims) -> Floats:
    """Find what the viewer's unit is in the layer's, on each axis of the layer."""
    if dims.units is None or len(dims.units) < layer.ndim:
        return np.ones(layer.ndim)
    pairs = zip(dims.units[-layer.ndim :], layer.units, strict=True)
    return np.array([float((1.0 * world).to(own).magnitude) for world, own in pairs])


def intersect(place: Index, index: Index) -> Index | None:
    """Give where a place lies in a part of its layer; `None` where it lies beside it."""
    inside: list[int | slice] = []
    for own, at in zip(place, index, strict=True):
        if isinstance(at, slice):
            inside.append(own)
        elif not isinstance(own, slice) and own != at:
            return None
    return tuple(inside)


def read_transform(layer: Layer) -> Affine:
    """Read how a layer's own transform places its pixels, its affine left out."""
    return Affine(
        scale=layer.scale, translate=layer.translate, rotate=layer.rotate, shear=layer.shear
    )


@dataclass(frozen=True, eq=False)
class Sampler:
    """Reads an array at the pixels of a layer, each at the nearest entry; in any thread.

    Parameters
    ----------
    array
        Indexed like the other layer of the placing.
    placing
        From the layer's pixels to the array.
    shape
        Of the layer.
    """

    array: Any
    placing: Placing
    shape: tuple[int, ...]

    def read(self, index: Index, fixed: dict[int, int] | None = None) -> tuple[Any, Mask]:
        """Read the entries at a part of the layer.

        Parameters
        ----------
        index
            The part.
        fixed
            Entries to read on some axes of the array, whatever the placing says.

        Returns
        -------
        tuple
            The entries, and which pixels lie inside the array; both of the shape of the part.
        """
        shape = [size for at, size in zip(index, self.shape, strict=True) if at == slice(None)]
        basic: list[int | slice] = []
        fancy: list[npt.NDArray[np.intp]] = []
        inside = np.ones(shape, bool)
        for axis, size in enumerate(self.array.shape):
            at = self._find_entries(axis, index, fixed or {})
            inside &= (at >= 0) & (at < size)
            at = np.clip(at, 0, size - 1)
            basic.append(int(at.flat[0]) if at.size == 1 else slice(None))
            fancy += [at] if at.size != 1 else []
        values = np.asarray(self.array[tuple(basic)])
        return np.broadcast_to(values[tuple(fancy)], shape), inside

    def _find_entries(self, axis: int, index: Index, fixed: dict[int, int]) -> npt.NDArray[np.intp]:
        """Find the entry of the array on one axis at each pixel, as an array that broadcasts."""
        whole = [number for number, at in enumerate(index) if isinstance(at, slice)]
        ones = [1] * len(whole)
        if axis in fixed:
            return np.full(ones, fixed[axis])
        steps = self.placing.matrix[axis]
        entries = np.full(ones, self.placing.offset[axis])
        for number, (step, at) in enumerate(zip(steps.tolist(), index, strict=True)):
            if isinstance(at, int):
                entries = entries + step * at
            elif abs(step) * self.shape[number] > 1e-6:
                reach = [-1 if number == other else 1 for other in whole]
                entries = entries + (step * np.arange(self.shape[number])).reshape(reach)
        rounded: npt.NDArray[np.intp] = np.rint(entries).astype(np.intp)
        return rounded
