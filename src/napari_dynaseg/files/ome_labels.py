"""What the metadata of an OME-Zarr, version 0.5, say of label maps."""

from collections.abc import Mapping
from typing import Any

from napari_dynaseg.image.axes import Axes

VERSION = "0.5"
# The path of the array within its group.
ARRAY = "0"
# How the folder of a store of labels ends.
ENDING = ".zarr"

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
