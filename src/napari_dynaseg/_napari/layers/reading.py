"""How an image layer is read: its level, its axes, and other layers as its channels. No Qt."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from napari.components import Dims
from napari.layers import Image

from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.axes import Axes, read_axes

# Under these keys a layer's metadata hold what the user chose for it.
CHANNEL_AXIS_KEY = "dynaseg_channel_axis"
LEVEL_KEY = "dynaseg_level"
# Fast quality takes half a minute to a minute for a plane of so many pixels.
MOST_PIXELS_BY_DEFAULT = 2048 * 2048

# What places a layer in the world, and what the user calls it.
PLACING = {
    "scale": "scale",
    "translate": "translation",
    "rotate": "rotation",
    "shear": "shear",
    "affine": "affine transform",
    "units": "units",
    "axis_labels": "axis labels",
}


def read_layer_axes(layer: Image, dims: Dims, channels: Sequence[Image] = ()) -> Axes:
    """Read the axes of a layer as the viewer shows it, at the level chosen.

    Parameters
    ----------
    layer
        The image.
    dims
        The viewer's dims, which say which axes are on view.
    channels
        Where several layers are the channels of one image, all of them in their order, `layer`
        among them.

    Raises
    ------
    ImageError
        If the view is in 3D, or shows an axis that the layer does not have.
    """
    displayed = _find_displayed(layer, dims)
    levels = list_levels(layer)
    finest, chosen = (levels[n].shape for n in (0, find_level(layer, displayed)))
    samples = int(finest[-1]) if layer.rgb else 0
    channel = _recall_channel_axis(layer, displayed, "named" if channels else "guess")
    axes = read_axes(finest[: layer.ndim], layer.axis_labels, displayed, samples, channel)
    # Named and guessed at the finest level: a stack may be as short as channels at a coarse one.
    return replace(axes, sizes=tuple(chosen[: layer.ndim]))


def _find_displayed(layer: Image, dims: Dims) -> tuple[int, int]:
    if dims.ndisplay != 2:
        raise ImageError("the view is in 3D; switch it to 2D to choose the plane to segment")
    first, second = (axis - (dims.ndim - layer.ndim) for axis in dims.displayed)
    if min(first, second) < 0:
        raise ImageError(f"the view shows an axis that {layer.name!r} does not have")
    return first, second


def _recall_channel_axis(
    layer: Image, displayed: tuple[int, int], default: Literal["guess", "named"]
) -> int | Literal["guess", "named"] | None:
    """Recall the user's choice; it rests while its axis is on view or the channels are colours."""
    axis = layer.metadata.get(CHANNEL_AXIS_KEY, default)
    if axis is None or axis in displayed:
        return None
    return axis if axis in range(layer.ndim) and not layer.rgb else default


def remember_channel_axis(layer: Image, axis: int | None) -> None:
    """Use an axis of a layer as channels from now on, or none."""
    layer.metadata = {**layer.metadata, CHANNEL_AXIS_KEY: axis}


def remember_level(layer: Image, level: int) -> None:
    """Segment a layer at this level of its pyramid from now on."""
    layer.metadata = {**layer.metadata, LEVEL_KEY: level}


def show_plane(layer: Image, dims: Dims, plane: tuple[int, int]) -> None:
    """Turn the view so that it shows a pair of a layer's axes, rows before columns."""
    shown = [axis + dims.ndim - layer.ndim for axis in plane]
    dims.order = (*(axis for axis in range(dims.ndim) if axis not in shown), *shown)


def list_levels(layer: Image) -> list[Any]:
    """List the arrays of a layer, the finest first: one, unless it is multiscale."""
    return list(layer.data) if layer.multiscale else [layer.data]


def list_level_shapes(layer: Image, plane: tuple[int, int]) -> list[tuple[int, int]]:
    """List the rows and columns of a plane at each level."""
    row, column = plane
    return [(level.shape[row], level.shape[column]) for level in list_levels(layer)]


def find_level(layer: Image, plane: tuple[int, int]) -> int:
    """Find the level to segment: the user's choice, else the finest that fits the time."""
    shapes = list_level_shapes(layer, plane)
    level = layer.metadata.get(LEVEL_KEY)
    if level in range(len(shapes)):
        return int(level)
    quick = (
        n for n, (rows, columns) in enumerate(shapes) if rows * columns <= MOST_PIXELS_BY_DEFAULT
    )
    return next(quick, len(shapes) - 1)


def explain_mismatch(layer: Image, channels: Sequence[Image], axes: Axes) -> str:
    """Say why layers cannot be the channels of one image; empty if they can.

    Parameters
    ----------
    layer
        The image that the others must agree with.
    channels
        As in `read_layer_axes`.
    axes
        How the axes of the layer are read.
    """
    if channels and axes.channel is not None:
        return (
            f"{layer.name!r} has channels of its own: step through axis "
            f"{axes.names[axes.channel]}, or take the other layers out"
        )
    for other in channels:
        if other.rgb:
            return f"{other.name!r} is a colour image; expected one channel a layer"
        if differences := _list_differences(layer, other):
            return (
                f"{other.name!r} and {layer.name!r} cannot be channels of one image: "
                f"{'; '.join(differences)}"
            )
    return ""


def _list_differences(layer: Image, other: Image) -> list[str]:
    ours, theirs = ([tuple(level.shape) for level in list_levels(x)] for x in (layer, other))
    if ours != theirs:
        return [f"shape {_write_shapes(theirs)} against {_write_shapes(ours)}"]
    pairs = {word: (getattr(other, key), getattr(layer, key)) for key, word in PLACING.items()}
    return [_describe_difference(word, *pair) for word, pair in pairs.items() if not _agree(*pair)]


def _agree(one: Any, other: Any) -> bool:
    if isinstance(one, tuple):
        return bool(one == other)
    one, other = np.asarray(one), np.asarray(other)
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-6, atol=1e-12)


def _describe_difference(word: str, one: Any, other: Any) -> str:
    if isinstance(one, tuple):
        return f"{word} {', '.join(map(str, one))} against {', '.join(map(str, other))}"
    if np.ndim(one) == 1 and np.shape(one) == np.shape(other):
        return f"{word} {_write_numbers(one)} against {_write_numbers(other)}"
    return f"another {word}"


def _write_numbers(numbers: npt.NDArray[np.floating]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


def _write_shapes(shapes: list[tuple[int, ...]]) -> str:
    return ", ".join("×".join(map(str, shape)) for shape in shapes)
