"""An array in a file or at an address, and what is said of it there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_dynaseg.errors import FileError


class LazyArray:
    """An array that is opened, and of which only what is asked for is read.

    Pickled, it takes along how to open the array, not what is open: another process opens it for
    itself, when it first reads.

    Parameters
    ----------
    open_array
        Opens the array; picklable. What it gives has a shape and a dtype, and is indexed like a
        numpy array.
    """

    def __init__(self, open_array: Callable[[], Any]) -> None:
        self._open_array = open_array
        self._array: Any = open_array()
        self.shape: tuple[int, ...] = tuple(self._array.shape)
        self.dtype: np.dtype[Any] = np.dtype(self._array.dtype)

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return len(self.shape)

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        if self._array is None:
            self._array = self._open_array()
        return np.asarray(self._array[index])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_array": None}


@dataclass(frozen=True, eq=False)
class Stored:
    """An array, and what its file says of it.

    Parameters
    ----------
    array
        In memory, or lazy.
    labels
        One name an axis, as `guess_axes` takes them; `None` where nothing is said of them.
    scale
        Size of a pixel on each axis; empty where it is not known.
    units
        Unit of each axis; empty where they are not known.
    """

    array: Any
    labels: Sequence[str] | None = None
    scale: tuple[float, ...] = ()
    units: tuple[str, ...] = ()


def check_level(level: int | None, count: int) -> int:
    """Give the level that is meant, 0 if none is named, or refuse one that does not exist.

    Raises
    ------
    FileError
        If it does not exist.
    """
    if level is None:
        return 0
    if not 0 <= level < count:
        expected = f"0 to {count - 1}" if count > 1 else "0, its only one"
        raise FileError(f"it has no level {level}; expected {expected}")
    return level
