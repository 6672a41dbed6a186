"""An OME-Zarr of labels, version 0.5: its metadata, and its array before any are written.

It loads zarr, which takes a while, no earlier than it has to.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_dynaseg.image.axes import Axes

if TYPE_CHECKING:
    import zarr

VERSION = "0.5"
# The path of the array within its group.
ARRAY = "0"
# How the folder of a store of labels ends.
ZARR_ENDING = ".zarr"
# And that of a label layer of ours.
LAYER_ZARR_ENDING = ".dynaseg.ome.zarr"
# Planes that are longer are stored in chunks, as they would be too slow to paint on.
LARGEST_WHOLE_SIDE = 2048
CHUNK_SIDE = 1024

AXIS_TYPES = {"t": "time", "time": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
MOST_SPACE_AXES = 3


def describe_labels(
    axes: Axes,
    scale: tuple[float, ...] = (),
    units: tuple[str, ...] = (),
    translation: tuple[float, ...] = (),
    about_labels: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Describe the labels of an image, as https://ngff.openmicroscopy.org/0.5 wants it.

    They have the axes of the image, with one entry for channels: so viewers lay them over it.

    Parameters
    ----------
    axes
        How the axes of the image are read. Their order is kept, though OME-Zarr wants time
        first, space last, and no more than five.
    scale
        Size of a pixel on each axis of the image, or empty.
    units
        Unit of each axis of the image, or empty.
    translation
        Where the first pixel lies on each axis, or empty.
    about_labels
        What ``image-label`` says of each label: its colour, its properties.

    Returns
    -------
    dict
        The attribute ``ome`` of the group that holds the labels.

    Examples
    --------
    >>> axes = Axes(("C", "Y", "X"), (2, 64, 64), plane=(1, 2), channel=0)
    >>> describe_labels(axes)["multiscales"][0]["axes"][:2]
    [{'name': 'c', 'type': 'channel'}, {'name': 'y', 'type': 'space'}]
    """
    scale = scale or (1.0,) * len(axes.sizes)
    transformations: list[dict[str, Any]] = [{"type": "scale", "scale": list(scale)}]
    if translation:
        transformations.append({"type": "translation", "translation": list(translation)})
    image = {
        "name": "labels",
        "axes": _describe_axes(axes, units or ("",) * len(axes.sizes)),
        "datasets": [{"path": ARRAY, "coordinateTransformations": transformations}],
    }
    label = {"version": VERSION, **(about_labels or {})}
    return {"version": VERSION, "multiscales": [image], "image-label": label}


def _describe_axes(axes: Axes, units: tuple[str, ...]) -> list[dict[str, str]]:
    """Give name, type and unit of each axis, as far as they are known."""
    names = _name_axes(axes)
    described = []
    for name, kind, unit in zip(names, _find_types(axes), units, strict=True):
        entries = {"name": name, "type": kind, "unit": "" if unit == "pixel" else unit}
        described.append({key: entry for key, entry in entries.items() if entry})
    return described


def _name_axes(axes: Axes) -> list[str]:
    """Name the axes as readers expect it: single letters lower-case, and no name twice."""
    names = [name.lower() if len(name) == 1 else name for name in axes.names]
    return [f"{name} {axis}" if names.count(name) > 1 else name for axis, name in enumerate(names)]


def _find_types(axes: Axes) -> list[str]:
    """Find the type of each axis; empty where it is not known."""
    types = [
        "channel"
        if axis == axes.channel
        else AXIS_TYPES.get(name.lower(), "space" if axis in axes.plane else "")
        for axis, name in enumerate(axes.names)
    ]
    unknown = [axis for axis in axes.stack if not types[axis]]
    # OME-Zarr allows one axis of no known type; of two, the inner one is more likely the depth.
    if len(unknown) > 1 and types.count("space") < MOST_SPACE_AXES:
        types[unknown[-1]] = "space"
    return types


def write_empty(
    path: Path, axes: Axes, attributes: dict[str, Any], dtype: str = "int32"
) -> "zarr.Array[Any]":
    """Write an OME-Zarr of labels that are all 0, one chunk a plane, and give its array.

    Parameters
    ----------
    path
        The folder, which does not exist yet.
    axes
        How the axes are read; that of the channels gets one entry.
    attributes
        Of the group; its ``ome`` is what `describe_labels` gives.
    dtype
        Of the labels.
    """
    import zarr
    from zarr.codecs import ZstdCodec
    from zarr.storage import LocalStore

    group = zarr.create_group(LocalStore(path), zarr_format=3, attributes=attributes)
    array: zarr.Array[Any] = group.create_array(
        ARRAY,
        shape=axes.label_sizes,
        chunks=_choose_chunks(axes),
        dtype=dtype,
        fill_value=0,
        compressors=ZstdCodec(),
        dimension_names=[axis["name"] for axis in attributes["ome"]["multiscales"][0]["axes"]],
    )
    return array


def _choose_chunks(axes: Axes) -> tuple[int, ...]:
    """Make one chunk of a plane, and several of one that is too large to paint on swiftly."""
    is_large = max(axes.plane_shape) > LARGEST_WHOLE_SIDE
    return tuple(
        1 if axis not in axes.plane else min(size, CHUNK_SIDE) if is_large else size
        for axis, size in enumerate(axes.sizes)
    )


def find_folder(pixels: Any) -> Path | None:
    """Find the folder in which the pixels of a layer lie; `None` if they lie in none."""
    zarr = sys.modules.get("zarr")
    if zarr is None or not isinstance(pixels, zarr.Array):
        return None
    store = pixels.store
    if not isinstance(store, zarr.storage.LocalStore):
        return None
    folder: Path = Path(store.root).absolute() / pixels.path
    return folder
