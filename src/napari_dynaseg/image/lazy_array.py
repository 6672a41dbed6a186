"""An array in a file or at an address, which can be sent to another process."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt


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
