"""An image of any number of axes, read one plane at a time and never whole."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_dynaseg.errors import FileError, ImageError
from napari_dynaseg.image.axes import Axes, Position

Channels = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class StackImage:
    """Where planes come from: arrays in memory or lazy ones, and how their axes are read.

    Parameters
    ----------
    arrays
        One array, or one for each channel, all of one shape: numpy, dask, zarr, xarray, HDF5,
        a memory map, or anything else that is indexed like them. An array for each channel
        leaves no axis for channels or colours.
    axes
        How the axes of each array are read.
    name
        What the image is called in messages and recipes.
    path
        The file or address that it was read from, if there is one.
    scale
        Size of a pixel on each axis, in `units`; empty where it is not known.
    units
        Unit of each axis, such as ``micrometer``; empty where they are not known.
    level
        Which resolution of a pyramid it is, 0 being the finest.

    Raises
    ------
    ImageError
        If the shapes do not agree with each other or with the axes.
    """

    arrays: tuple[Any, ...]
    axes: Axes
    name: str
    path: str | None = None
    scale: tuple[float, ...] = ()
    units: tuple[str, ...] = ()
    level: int = 0

    def __post_init__(self) -> None:
        expected = self.axes.shape
        for array in self.arrays:
            if tuple(array.shape) != expected:
                raise ImageError(
                    f"{self.name}: every array must have shape {expected}; got {tuple(array.shape)}"
                )
        if len(self.arrays) > 1 and (self.axes.samples or self.axes.channel is not None):
            raise ImageError(
                f"{self.name}: one array for each channel leaves no axis for channels; "
                f"got {self.axes.sentence}"
            )

    @property
    def channels(self) -> int:
        """How many channels a plane has; the alpha of RGBA is not counted."""
        if self.axes.samples:
            return 3
        if self.axes.channel is not None:
            return self.axes.sizes[self.axes.channel]
        return len(self.arrays)

    def read_first(self) -> Channels:
        """Read the first plane, which is all of an image that has no more; see `read_channels`."""
        return self.read_channels(self.axes.first)

    def read_channels(self, position: Position) -> Channels:
        """Read one plane as it is stored.

        Parameters
        ----------
        position
            One of ``axes.list_positions()``.

        Returns
        -------
        numpy.ndarray
            (C, H, W), the dtype of the arrays or one that holds all of theirs, its own memory;
            alpha is left out.

        Raises
        ------
        FileError
            If it cannot be read; the message names the plane.
        """
        index = self.axes.index_image(position)
        try:
            parts = [np.array(array[index]) for array in self.arrays]
        except Exception as error:  # a lazy array raises whatever its file format does
            where = self.axes.describe_position(position)
            raise FileError(f"{self.name}: {where} cannot be read: {error}") from error
        channels = list(map(self.axes.bring_channels_first, parts))  # each (C, H, W)
        return np.concatenate(channels, dtype=_find_common(channels)) if parts[1:] else channels[0]


def _find_common(parts: list[npt.NDArray[Any]]) -> np.dtype[Any]:
    """Find a dtype that holds all of theirs."""
    dtypes = {part.dtype for part in parts}
    # Not bytes for bytes and a mask: 1 is black there, where bytes keep their whole range.
    return np.result_type(*dtypes, np.uint16) if len(dtypes) > 1 else dtypes.pop()
