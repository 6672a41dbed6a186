"""Labels of some pixels of a plane in few bytes, exactly: as runs that a recipe can hold."""

import base64
import math
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from napari_dynaseg.counting import write_count
from napari_dynaseg.errors import FileError, ImageError, name_failure
from napari_dynaseg.image.axes import Position
from napari_dynaseg.record import Record

# Runs are stored as three rows of these: pixels since the run before, pixels, label.
STORED = np.dtype("<i8")

# A tenth of the time of the highest, which would be felt when a run is stopped, for a sixth more.
COMPRESSION = 6

Rows = npt.NDArray[np.int64]
Number = TypeVar("Number", bound=np.integer[Any])


class Runs(Record):
    """The painted pixels of one plane.

    Parameters
    ----------
    position
        The plane.
    pixels
        How many pixels were painted.
    runs
        Runs of neighbouring pixels of one label, in row-major order: for each run how many
        pixels lie between it and the run before, its length, and its label; as three rows of
        64-bit integers, compressed by zlib, in base64.
    """

    position: Position = ()
    pixels: int = Field(ge=1)
    runs: str


def describe(
    before: npt.NDArray[np.integer],
    after: npt.NDArray[np.integer],
    position: Position = (),
    painted: npt.NDArray[np.bool_] | None = None,
) -> tuple[Runs, ...]:
    """Describe what was painted on a plane.

    Parameters
    ----------
    before
        The network's labels, (H, W).
    after
        The labels as they were painted, (H, W).
    position
        The plane.
    painted
        (H, W), pixels that count as painted though their label is the network's.

    Returns
    -------
    tuple
        One entry, or none where nothing was painted; those of several planes add up.

    Raises
    ------
    ImageError
        If the shapes differ.

    Examples
    --------
    >>> before, after = np.array([[1, 1, 2]]), np.array([[1, 7, 7]])
    >>> apply(before, describe(before, after))
    array([[1, 7, 7]])
    """
    for other in (before, painted):
        if other is not None and other.shape != after.shape:
            raise ImageError(f"expected maps of one shape; got {other.shape} and {after.shape}")
    differs = before != after
    pixels = np.flatnonzero(differs if painted is None else differs | painted)
    if not len(pixels):
        return ()
    runs = _find_runs(pixels, after.ravel()[pixels].astype(STORED))
    text = base64.b64encode(zlib.compress(runs.tobytes(), COMPRESSION)).decode()
    return (Runs(position=position, pixels=len(pixels), runs=text),)


def encode(labels: npt.NDArray[np.integer] | None) -> tuple[Runs, ...]:
    """Encode all labels of a plane, (H, W), that are not 0; none where there are none."""
    return () if labels is None else describe(np.zeros_like(labels), labels)


def decode(encoded: Iterable[Runs], shape: tuple[int, ...]) -> npt.NDArray[np.int32]:
    """Decode the labels of a plane, (H, W), wherever it lay; 0 where `encode` met none.

    Raises
    ------
    FileError, ImageError
        As `apply` does.
    """
    labels = np.zeros(shape, np.int32)
    for runs in encoded:
        labels = apply(labels, [runs], runs.position)
    return labels


def apply(
    labels: npt.NDArray[Number], described: Iterable[Runs], position: Position = ()
) -> npt.NDArray[Number]:
    """Paint what was described of a plane on its labels.

    Parameters
    ----------
    labels
        (H, W), the network's.
    described
        As `describe` gave it; what lies on other planes is left out.
    position
        The plane.

    Returns
    -------
    numpy.ndarray
        (H, W), the same dtype, its own memory.

    Raises
    ------
    FileError
        If runs cannot be read.
    ImageError
        If runs reach beyond the plane, or has a label beyond the dtype.
    """
    painted = np.array(labels, order="C")
    for runs in described:
        if runs.position == position:
            pixels, values = _read_runs(runs, painted.shape)
            _check_fit(painted, pixels, values)
            painted.reshape(-1)[pixels] = values.astype(painted.dtype)
    return painted


def read_painted(
    shape: tuple[int, ...], described: Sequence[Runs], position: Position = ()
) -> npt.NDArray[np.bool_]:
    """Tell which pixels of a plane were painted, with 0 as well.

    Parameters
    ----------
    shape
        (H, W).
    described, position
        As for `apply`.

    Raises
    ------
    FileError, ImageError
        As `apply` does.
    """
    # What is painted comes out the same, whatever was there.
    blank = np.zeros(shape, np.int64)
    painted: npt.NDArray[np.bool_] = apply(blank, described, position) == apply(
        blank + 1, described, position
    )
    return painted


def _find_runs(pixels: npt.NDArray[np.integer], labels: Rows) -> Rows:
    """Gather pixels in rising order into runs, (3, runs)."""
    goes_on = (np.diff(pixels) == 1) & (np.diff(labels) == 0)
    first = np.flatnonzero(np.append(True, ~goes_on))
    lengths = np.diff(first, append=len(pixels))
    starts = pixels[first]
    gaps = np.diff(starts, prepend=0)
    gaps[1:] -= lengths[:-1]
    return np.stack([gaps, lengths, labels[first]]).astype(STORED)


def _read_runs(runs: Runs, shape: tuple[int, ...]) -> tuple[Rows, Rows]:
    """Give each painted pixel, in rising order, and its label; no more than there are pixels."""
    most = 3 * STORED.itemsize * (math.prod(shape) + 1)
    with name_failure("runs of labels"):
        content = zlib.decompressobj().decompress(base64.b64decode(runs.runs, validate=True), most)
        gaps, lengths, labels = np.frombuffer(content, STORED).reshape(3, -1)
    if (gaps < 0).any() or (lengths < 1).any() or lengths.sum() != runs.pixels:
        raise FileError(
            f"runs of labels cannot be read: expected {write_count(runs.pixels, 'pixel')}; "
            f"got {lengths.sum()}"
        )
    if runs.pixels > math.prod(shape):
        raise ImageError(f"runs of labels reach beyond a plane of shape {shape}")
    shifts = np.repeat(np.cumsum(gaps), lengths)
    return shifts + np.arange(runs.pixels), np.repeat(labels, lengths)


def _check_fit(labels: npt.NDArray[np.integer], pixels: Rows, values: Rows) -> None:
    if pixels[-1] >= labels.size:
        raise ImageError(f"runs of labels reach beyond a plane of shape {labels.shape}")
    kept = values.astype(labels.dtype)
    if (kept.astype(STORED) != values).any():
        label = values[kept != values][0]
        raise ImageError(f"runs of labels have label {label}, beyond {kept.dtype}")
