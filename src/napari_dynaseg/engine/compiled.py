"""Loops over arrays, compiled to machine code the first time and kept on disk.

torch passes over an array once for each operation. Where several operations follow each other, a
loop that does all of them at once leaves the array in the cache, and needs Python's lock once.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numba
import numpy as np
import numpy.typing as npt

# What the loops take: values of a picture, the channels of its labels, and sums over them.
Values = npt.NDArray[np.float32]
Channels = npt.NDArray[np.int64]
Sums = npt.NDArray[np.float64]

Loop = TypeVar("Loop", bound=Callable[..., Any])

# Multiplications may be joined with additions. The same is done everywhere in an array, so that
# pixels that are alike stay so.
EXACT = {"contract", "nsz"}
# And sums over channels may be taken in any order, which is the same in every run.
IN_ANY_ORDER = {*EXACT, "reassoc"}


def compiled(loop: Loop) -> Loop:
    """Compile a loop over contiguous float32 arrays; it runs without Python's lock.

    The machine code lies beside the module, or in the user's cache folder; where neither can be
    written, it is made anew in every process.
    """
    return _compile(loop, EXACT)


def compiled_sum(loop: Loop) -> Loop:
    """Compile a loop as `compiled` does, one that sums up over the channels of a pixel."""
    return _compile(loop, IN_ANY_ORDER)


def _compile(loop: Loop, allowed: set[str]) -> Loop:
    compile_with = partial(numba.njit, nogil=True, fastmath=allowed)
    try:
        made: Loop = compile_with(cache=True)(loop)
    except RuntimeError:  # numba finds no folder that it can write to
        made = compile_with(cache=False)(loop)
    return made
