"""A label map in few bytes: what is remembered of maps that are not on view."""

import zlib
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_dynaseg.labels.numbering import LabelMap

# Most maps have few labels, and a byte a pixel compresses four times faster than four.
DTYPES = {"uint8": (0, 255), "uint16": (0, 65535), "int32": (-(2**31), 2**31 - 1)}


class CompressedMap(NamedTuple):
    """A label map, compressed without loss.

    Parameters
    ----------
    content
        The pixels in row-major order, by zlib.
    dtype
        Of the pixels before they were compressed.
    shape
        (H, W).
    """

    content: bytes
    dtype: str
    shape: tuple[int, ...]

    @classmethod
    def of(cls, labels: npt.NDArray[Any]) -> "CompressedMap":
        """Compress a map of whole numbers that int32 can hold."""
        low, high = (int(labels.min()), int(labels.max())) if labels.size else (0, 0)
        dtype = next(name for name, (least, most) in DTYPES.items() if least <= low <= high <= most)
        stored = np.ascontiguousarray(labels, dtype)
        return cls(zlib.compress(stored.data, 1), dtype, labels.shape)

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return len(self.content)

    def read(self) -> LabelMap:
        """Give the map back, int32, in memory of its own."""
        stored = np.frombuffer(zlib.decompress(self.content), self.dtype)
        return stored.reshape(self.shape).astype(np.int32)
