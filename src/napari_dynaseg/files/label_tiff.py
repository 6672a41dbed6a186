"""A label layer as an OME-TIFF, which any reader of such opens."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from napari_dynaseg.errors import FileError, name_failure
from napari_dynaseg.files.label_state import STATE_KEY, LayerState
from napari_dynaseg.files.plain_labels import read_plain
from napari_dynaseg.image.axes import Axes
from napari_dynaseg.image.tiff import OME_UNITS, TIMES
from napari_dynaseg.recipes.writing import write_whole
from napari_dynaseg.record import Record

LAYER_TIFF_ENDING = ".dynaseg.ome.tif"
NAMESPACE = "napari-dynaseg"
MOST_AXES = 5
# Axes of an OME-TIFF beside the plane, in the order in which axes without a name take them.
STACK_LETTERS = "ZTC"
# Whole numbers of an OME-TIFF; programs read the first one best.
DTYPES = (np.uint16, np.int32, np.uint32)

Labels = npt.NDArray[np.integer[Any]]


class Note(Record):
    """What the file says beside what other readers understand.

    Parameters
    ----------
    dtype, shape
        Of the layer's pixels.
    order
        The axes of the layer in the order of the file.
    layer
        Its state.
    """

    dtype: str
    shape: tuple[int, ...]
    order: tuple[int, ...]
    layer: dict[str, Any]


def write_label_tiff(path: Path, pixels: Any, state: LayerState) -> None:
    """Write a label layer, whole or not at all.

    Parameters
    ----------
    path
        Ends in `LAYER_TIFF_ENDING`.
    pixels
        Whole numbers, two to five axes; in memory or lazy, read one plane at a time. They are
        stored as uint16 while the labels fit.
    state
        All else of the layer.

    Raises
    ------
    FileError
        If there are more axes or larger labels than an OME-TIFF takes, or the file cannot be
        written.
    """
    axes = state.find_axes(pixels.shape)
    if len(axes.sizes) > MOST_AXES:
        raise FileError(
            f"an OME-TIFF has {MOST_AXES} axes at most; got {len(axes.sizes)}: "
            "an OME-Zarr takes as many as there are"
        )
    order = (*axes.stack, *axes.plane)
    dtype = _choose_dtype(pixels, axes)
    note = Note(dtype=str(pixels.dtype), shape=axes.sizes, order=order, layer=state.to_plain())
    # XML takes neither all letters nor all that JSON may hold, but it takes their escapes.
    annotation = {"Namespace": NAMESPACE, STATE_KEY: json.dumps(note.model_dump(mode="json"))}
    write_whole(
        path,
        lambda part: tifffile.imwrite(
            part,
            (plane.astype(dtype) for plane in _iter_planes(pixels, axes)),
            shape=(*axes.stack_sizes, *axes.plane_shape),
            dtype=dtype,
            ome=True,
            photometric="minisblack",
            compression="zlib",
            metadata={**_describe(axes, state), "MapAnnotation": annotation},
        ),
    )


def read_label_tiff(path: Path) -> tuple[Labels, LayerState]:
    """Read a label layer back: its pixels, and all else of it.

    Of a TIFF that the command line wrote, the state has a name, the recipe and the tree.

    Raises
    ------
    FileError
        If the file cannot be read, or is none of ours.
    """
    with name_failure(path), tifffile.TiffFile(path) as tiff:
        text = _find_note(tiff.ome_metadata)
        pixels = tiff.series[0].asarray() if text else None
    if text is None or pixels is None:
        labels, metadata = read_plain(path)
        name = path.name.removesuffix(LAYER_TIFF_ENDING).removesuffix(path.suffix)
        return labels, LayerState(name=name, metadata=metadata)
    note = Note.read(text.encode(), str(path))
    with name_failure(path):
        turned = pixels.reshape([note.shape[axis] for axis in note.order])
    original = turned.transpose(np.argsort(note.order)).astype(note.dtype, order="C")
    return original, LayerState.from_plain(note.layer)


def _iter_planes(pixels: Any, axes: Axes) -> Iterator[Labels]:
    """Read the planes in the order of the file."""
    for position in axes.list_positions():
        yield axes.turn(np.asarray(pixels[axes.index_labels(position)]))


def _choose_dtype(pixels: Any, axes: Axes) -> np.dtype[Any]:
    stored: np.dtype[Any] = pixels.dtype
    if stored.itemsize <= 2:
        return stored
    ends = [(int(plane.min()), int(plane.max())) for plane in _iter_planes(pixels, axes)]
    least, most = min(low for low, _ in ends), max(high for _, high in ends)
    for dtype in DTYPES:
        if np.iinfo(dtype).min <= least and most <= np.iinfo(dtype).max:
            return np.dtype(dtype)
    raise FileError(f"labels from {least} to {most} do not fit an OME-TIFF; an OME-Zarr takes them")


def _describe(axes: Axes, state: LayerState) -> dict[str, Any]:
    """Describe the layer in the words of OME-XML."""
    letters = {axis: "YX"[place] for place, axis in enumerate(axes.plane)}
    spare = list(STACK_LETTERS)
    for axis in axes.stack:
        if axes.names[axis] in spare:
            letters[axis] = axes.names[axis]
            spare.remove(axes.names[axis])
    for axis in reversed(axes.stack):
        if axis not in letters:
            letters[axis] = spare.pop(0)
    described: dict[str, Any] = {
        "axes": "".join(letters[axis] for axis in (*axes.stack, *axes.plane)),
        "Name": state.name,
    }
    for axis, size, unit in zip(range(len(axes.sizes)), state.scale, state.units, strict=False):
        if size > 0 and unit in OME_UNITS:
            described |= _describe_size(letters[axis], size, unit)
    return described


def _describe_size(letter: str, size: float, unit: str) -> dict[str, Any]:
    is_time = unit in TIMES
    if letter == "C" or is_time != (letter == "T"):
        return {}
    key = "TimeIncrement" if is_time else f"PhysicalSize{letter}"
    return {key: size, f"{key}Unit": OME_UNITS[unit]}


def _find_note(ome: str | None) -> str | None:
    """Find what we wrote among the annotations of an OME-XML."""
    if not ome:
        return None
    root = tifffile.xml2dict(ome)["OME"]
    for annotation in _list_all(root.get("StructuredAnnotations"), "MapAnnotation"):
        for entry in _list_all(annotation.get("Value"), "M"):
            if entry["K"] == STATE_KEY:
                return str(entry["value"])
    return None


def _list_all(parent: Any, name: str) -> list[Any]:
    """List the elements of a name; one alone is no list."""
    found = (parent or {}).get(name, [])
    return found if isinstance(found, list) else [found]
