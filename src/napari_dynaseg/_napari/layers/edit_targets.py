"""What a correction reads and may change: a plane or all of a label layer, frozen. No Qt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from napari.components import Dims
from napari.layers import Labels, Layer

from napari_dynaseg._napari.layers.masks import Cover, freeze_cover
from napari_dynaseg._napari.layers.transforms import Index, find_coordinates
from napari_dynaseg.errors import EditError
from napari_dynaseg.labels.numbering import LabelMap, Mask

Planes = Literal["This plane", "All planes"]
# Gives what was painted in a part of a layer.
FindPainted = Callable[[Labels, Index], Mask]

# Under this key a layer's metadata hold the labels that are left alone.
LOCKED_KEY = "dynaseg_locked"
# What an edit takes at most, the maps of regions and distances included.
BYTES_A_PIXEL = 48


def read_locked(layer: Layer) -> tuple[int, ...]:
    """Read which labels of a layer are locked, by rising number."""
    return tuple(sorted({int(number) for number in layer.metadata.get(LOCKED_KEY, ())}))


def write_locked(layer: Layer, numbers: Sequence[int]) -> None:
    """Lock these labels of a layer, and no others."""
    layer.metadata = {**layer.metadata, LOCKED_KEY: sorted({int(number) for number in numbers})}


@dataclass(frozen=True, eq=False)
class Target:
    """What a correction works on, as it was when the user asked for it.

    Parameters
    ----------
    layer
        The label layer.
    data
        Its array; read in a worker thread.
    index
        The part of it that is worked on.
    locked
        Labels that are left alone.
    cover
        Gives the pixels that may change; by default all.
    painted
        Pixels that may not change, of the shape of the part; by default none.
    look_again
        Gives the pixels that may not change by now, likewise; on the main thread.
    """

    layer: Labels
    data: Any
    index: Index
    locked: tuple[int, ...] = ()
    cover: Cover | None = None
    painted: Mask | None = None
    look_again: Callable[[], Mask] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the part."""
        sizes = zip(self.index, self.data.shape, strict=True)
        return tuple(size for at, size in sizes if isinstance(at, slice))

    def read(self) -> LabelMap:
        """Read the labels, in memory of their own.

        Raises
        ------
        EditError
            If they take too much memory, or are no labels that int32 can hold.
        """
        _check_memory(self.shape)
        labels = np.asarray(self.data[self.index])
        if not np.can_cast(labels.dtype, np.int32) and labels.size:
            highest = int(labels.max())
            if highest > np.iinfo(np.int32).max:
                raise EditError(f"labels up to {highest} are too high; relabel them in sequence")
        return labels.astype(np.int32)

    def read_pixels(self, pixels: Sequence[Sequence[int]]) -> list[int]:
        """Read the labels of some pixels of the part."""
        if not pixels:
            return []
        at = iter(np.transpose(pixels))
        count = len(pixels)
        where = tuple(
            next(at) if isinstance(entry, slice) else np.full(count, entry) for entry in self.index
        )
        return [int(label) for label in np.asarray(self.data[where])]

    def read_where(self) -> Mask | None:
        """Read which pixels may change; `None` for all.

        Raises
        ------
        EditError
            If there is none.
        """
        where = None if self.cover is None else self.cover(self.index)
        if where is not None and not where.any():
            raise EditError("what the tools are kept within covers no pixel here")
        if self.painted is None:
            return where
        return ~self.painted if where is None else where & ~self.painted

    def read_highest(self) -> int:
        """Read the highest number that the layer uses, plane by plane where it is not in memory."""
        if isinstance(self.data, np.ndarray):
            return int(self.data.max(initial=0))
        return max((int(np.max(plane)) for plane in self.data), default=0)

    def find_pixel(self, world: Sequence[float], dims: Dims) -> tuple[int, ...]:
        """Find the pixel of the part that lies at a point of the viewer, inside or not."""
        rounded = np.rint(find_coordinates(self.layer, world, dims)).astype(int).tolist()
        pairs = zip(self.index, rounded, strict=True)
        return tuple(at for entry, at in pairs if isinstance(entry, slice))


def find_target(
    layer: Labels,
    dims: Dims,
    planes: Planes,
    within: Layer | None = None,
    painted: FindPainted | None = None,
) -> Target:
    """Freeze what a correction works on.

    Parameters
    ----------
    layer
        The label layer.
    dims
        The viewer's dims, which say which plane is on view.
    planes
        The plane on view, or all.
    within
        A layer that covers what may change.
    painted
        Gives what was painted, where that may not change.

    Raises
    ------
    EditError
        If the layer cannot be changed, or no plane of it is on view.
    """
    check_writable(layer)
    index = find_plane(layer, dims) if planes == "This plane" else (slice(None),) * layer.ndim
    return Target(
        layer=layer,
        data=layer.data,
        index=index,
        locked=read_locked(layer),
        cover=None if within is None else freeze_cover(within, layer, dims),
        painted=None if painted is None else painted(layer, index),
        look_again=None if painted is None else partial(painted, layer, index),
    )


def check_writable(layer: Labels) -> None:
    """Check that a layer's labels can be changed and that undo will be able to change them back.

    Raises
    ------
    EditError
        If they cannot.
    """
    data = layer.data
    if not layer.editable:
        raise EditError(f"{layer.name!r} cannot be edited now; a run may be writing it")
    if layer.multiscale:
        raise EditError(f"{layer.name!r} has several resolutions; expected a single one")
    if hasattr(data, "dask"):
        raise EditError(f"{layer.name!r} is a lazy array, which takes no paint; load it first")
    is_fixed = isinstance(data, np.ndarray) and not data.flags.writeable
    if is_fixed or getattr(data, "read_only", False):
        raise EditError(f"{layer.name!r} is read-only; duplicate it first")


def find_plane(layer: Labels, dims: Dims) -> Index:
    """Find the plane of a layer that is on view.

    Raises
    ------
    EditError
        If there is none.
    """
    offset = dims.ndim - layer.ndim
    shown = {axis - offset for axis in dims.displayed}
    if layer.ndim == 2 and shown >= {0, 1}:
        return (slice(None), slice(None))
    if dims.ndisplay != 2:
        raise EditError("the view is in 3D; switch it to 2D, or choose all planes")
    if min(shown) < 0:
        raise EditError(f"the view shows an axis that {layer.name!r} does not have")
    at = np.rint(find_coordinates(layer, dims.point, dims)).astype(int).tolist()
    for axis in set(range(layer.ndim)) - shown:
        if not 0 <= at[axis] < layer.data.shape[axis]:
            raise EditError(
                f"the view is beside {layer.name!r} on axis {axis}: expected an entry from 0 to "
                f"{layer.data.shape[axis] - 1}; got {at[axis]}"
            )
    return tuple(slice(None) if axis in shown else entry for axis, entry in enumerate(at))


def _check_memory(shape: tuple[int, ...]) -> None:
    import psutil

    needed = BYTES_A_PIXEL * float(np.prod(shape, dtype=float))
    free = psutil.virtual_memory().available
    if needed > free:
        raise EditError(
            f"all planes at once take up to {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are "
            "free; correct them plane by plane"
        )
