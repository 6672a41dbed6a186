"""Any plane, whatever its dtype and range, as a float32 (C, H, W) array in 0…1."""

import math
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_dynaseg.counting import write_count
from napari_dynaseg.errors import ImageError, ImageWarning

Plane = npt.NDArray[np.float32]

# Percentiles that stand for black and white where the dtype does not say: a few hot or dead
# pixels must not squeeze the rest, yet sparse bright nuclei must not be clipped away.
DARKEST, BRIGHTEST = 0.1, 99.9
MOST_CHANNELS_GUESSED = 16
# Values of these dtypes are divided by their largest, as the papers' programs do with bytes.
FIXED_ENDS = {np.dtype(np.bool_): (0.0, 1.0), np.dtype(np.uint8): (0.0, 255.0)}
# Larger channels are measured on every n-th row and column.
MOST_MEASURED_PIXELS = 1 << 24
ROWS_AT_A_TIME = 512


def to_plane(image: npt.ArrayLike, channel_axis: int | None = None) -> Plane:
    """Turn an image into the plane that the network trains on.

    8-bit values are divided by 255, as the papers' programs do. Everything else is scaled
    channel by channel, so that its 0.1 and 99.9 percentiles become 0 and 1, and clipped.
    There, a constant channel becomes 0 throughout. The percentiles of a channel of more than 17
    million pixels are measured on an even part of them.

    Parameters
    ----------
    image
        Boolean, integer or floating point. Shape (H, W), (H, W, 3) for RGB, (H, W, 4) for RGBA,
        whose alpha is left out, or (C, H, W).
    channel_axis
        Which of three axes holds the channels, all of them used. By default a last axis of
        length 3 or 4 is colour; else a first axis of length up to 16, no longer than the others,
        holds the channels.

    Returns
    -------
    numpy.ndarray
        float32, shape (C, H, W), values 0…1, its own memory.

    Raises
    ------
    ImageError
        If the image is empty, has one pixel, no finite value, no numbers, or other dimensions.

    Warns
    -----
    ImageWarning
        If values are NaN or infinite: NaN and -inf count as the darkest value of their channel,
        inf as the brightest.
    """
    channels = to_channels(image, channel_axis)
    return Scaling.measure([channels]).apply(channels)


def to_channels(image: npt.ArrayLike, channel_axis: int | None = None) -> npt.NDArray[Any]:
    """Bring the channels of an image to the front, as `to_plane` does, its values as they are.

    Parameters
    ----------
    image, channel_axis
        As for `to_plane`.

    Returns
    -------
    numpy.ndarray
        (C, H, W), the dtype of the image, most often a view of it.

    Raises
    ------
    ImageError
        If the image is empty, has one pixel, or other dimensions.
    """
    try:
        array = np.asarray(image)
    except ValueError as error:
        raise ImageError(f"an image must be an array of numbers: {error}") from None
    channels = _bring_channels_first(array, channel_axis)  # (C, H, W)
    _check_shape(channels)
    return channels


class Scaling(NamedTuple):
    """Which values of each channel become 0 and 1: the same for every plane of a stack.

    Parameters
    ----------
    ends
        For each channel the value that becomes 0 and the one that becomes 1; equal for a
        constant channel, which becomes 0 throughout.
    """

    ends: tuple[tuple[float, float], ...]

    @classmethod
    def measure(cls, planes: Sequence[npt.NDArray[Any]]) -> "Scaling":
        """Measure the ends on one plane, or on some planes of a stack together.

        Parameters
        ----------
        planes
            Each (C, H, W), boolean, integer or floating point, all of one shape and dtype.

        Raises
        ------
        ImageError
            As `to_plane`.
        """
        for plane in planes:
            _check_dtype(plane)
            _check_shape(plane)
        _check_some_finite(planes)
        return cls(tuple(_find_ends(channel) for channel in zip(*planes, strict=True)))

    def apply(self, channels: npt.NDArray[Any]) -> Plane:
        """Scale one plane.

        Parameters
        ----------
        channels
            (C, H, W), as many channels as were measured.

        Returns
        -------
        numpy.ndarray
            float32, (C, H, W), values 0…1, its own memory.

        Raises
        ------
        ImageError
            If the plane is empty, holds no numbers, or has another number of channels.

        Warns
        -----
        ImageWarning
            If values are NaN or infinite, as in `to_plane`.
        """
        _check_dtype(channels)
        _check_shape(channels)
        if len(channels) != len(self.ends):
            expected = write_count(len(self.ends), "channel")
            raise ImageError(f"expected a plane of {expected}; got {len(channels)}")
        if channels.dtype.kind == "f":
            _report_not_finite(channels)
        plane = np.empty(channels.shape, np.float32)
        for channel, ends, scaled in zip(channels, self.ends, plane, strict=True):
            _scale_channel(channel, ends, scaled)
        return plane


def _check_dtype(array: npt.NDArray[Any]) -> None:
    if array.dtype.kind not in "buif":
        raise ImageError(f"an image must hold real numbers; got an array of dtype {array.dtype}")


def _bring_channels_first(array: npt.NDArray[Any], channel_axis: int | None) -> npt.NDArray[Any]:
    if channel_axis is not None:
        return _move_named_axis(array, channel_axis)
    if array.ndim == 2:
        return array[None]  # (1, H, W)
    if array.ndim != 3:
        raise ImageError(
            "an image must have shape (H, W), (H, W, 3), (H, W, 4) or (C, H, W); "
            f"got shape {array.shape}"
        )
    if array.shape[-1] in (3, 4):
        return np.moveaxis(array[..., :3], -1, 0)  # (3, H, W)
    if array.shape[0] <= min(MOST_CHANNELS_GUESSED, *array.shape[1:]):
        return array
    raise ImageError(
        f"cannot tell which axis of shape {array.shape} holds the channels; expected "
        f"(H, W, 3), (H, W, 4) or (C, H, W) with C at most {MOST_CHANNELS_GUESSED}, "
        "or channel_axis to say which"
    )


def _move_named_axis(array: npt.NDArray[Any], channel_axis: int) -> npt.NDArray[Any]:
    if array.ndim != 3 or not -3 <= channel_axis < 3:
        raise ImageError(
            "channel_axis must be one of the three axes of an image; "
            f"got channel_axis={channel_axis} with shape {array.shape}"
        )
    return np.moveaxis(array, channel_axis, 0)  # (C, H, W)


def _check_shape(channels: npt.NDArray[Any]) -> None:
    if channels.size == 0:
        raise ImageError(f"an image must have pixels; got shape {channels.shape}")
    if channels[0].size == 1:
        shape = channels.shape[1:]
        raise ImageError(f"an image must have more than one pixel to segment; got shape {shape}")


def _check_some_finite(planes: Sequence[npt.NDArray[Any]]) -> None:
    if planes[0].dtype.kind == "f" and not any(np.isfinite(plane).any() for plane in planes):
        raise ImageError("an image must have finite values; got only NaN or infinity")


def _report_not_finite(channels: npt.NDArray[np.floating]) -> None:
    finite = np.isfinite(channels)
    if finite.all():
        return
    nans = int(np.isnan(channels).sum())
    infinities = int((~finite).sum()) - nans
    warnings.warn(
        f"the image has {nans} NaN and {infinities} infinite values; NaN and -inf count as the "
        "darkest value of their channel, inf as the brightest",
        ImageWarning,
        stacklevel=4,
    )


def _find_ends(parts: Sequence[npt.NDArray[Any]]) -> tuple[float, float]:
    """Find the values of one channel that become 0 and 1, on all planes that are measured."""
    if parts[0].dtype in FIXED_ENDS:
        return FIXED_ENDS[parts[0].dtype]
    values = np.concatenate([_halve(_thin_out(part)).ravel() for part in parts])
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0, 0.0
    dark, bright = np.percentile(values, [DARKEST, BRIGHTEST])
    if dark == bright:
        dark, bright = values.min(), values.max()
    return 2 * float(dark), 2 * float(bright)


def _scale_channel(channel: npt.NDArray[Any], ends: tuple[float, float], scaled: Plane) -> None:
    """Scale a channel into its place, a few rows at a time: float64 would double its memory."""
    if FIXED_ENDS.get(channel.dtype) == ends:
        np.divide(channel, np.float32(ends[1]), out=scaled)
        return
    for start in range(0, len(channel), ROWS_AT_A_TIME):
        rows = slice(start, start + ROWS_AT_A_TIME)
        _stretch(_halve(channel[rows]), ends[0] / 2, ends[1] / 2, scaled[rows])


def _halve(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Give half of each value, so that the distance of two float64 values cannot overflow."""
    return values.astype(np.float64) / 2


def _thin_out(channel: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Leave out rows and columns of a large channel evenly; its percentiles hardly change."""
    step = math.ceil(math.sqrt(channel.size / MOST_MEASURED_PIXELS))
    return channel[::step, ::step]


def _stretch(halves: npt.NDArray[np.float64], dark: float, bright: float, scaled: Plane) -> None:
    if dark == bright:
        scaled[...] = 0
    else:
        stretched = np.clip((halves - dark) / (bright - dark), 0, 1)
        scaled[...] = np.nan_to_num(stretched, nan=0.0)
