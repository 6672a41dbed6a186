"""OME-Zarr images and Zarr arrays, in a folder or at an address, opened without their pixels."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import zarr

from napari_dynaseg.errors import FileError
from napari_dynaseg.image.remote import is_address, open_address
from napari_dynaseg.image.stored_array import LazyArray, Stored, check_level

# Before 0.3 the axes were not written down: there were these five.
AXES_BEFORE_THEY_WERE_NAMED = ("t", "c", "z", "y", "x")


@dataclass(frozen=True)
class Level:
    """One resolution of an image.

    Parameters
    ----------
    path
        Of its array, within the image.
    labels
        One name an axis.
    scale
        Size of a pixel on each axis; empty where it is not told.
    units
        Unit of each axis, ``pixel`` where it has none; empty where no axis has one.
    """

    path: str
    labels: tuple[str, ...]
    scale: tuple[float, ...] = ()
    units: tuple[str, ...] = ()


def read_level(attributes: Mapping[str, Any], level: int | None = None) -> Level:
    """Read what the attributes of an image say of one level.

    Parameters
    ----------
    attributes
        Of the image's group, version 0.5 or older.
    level
        0 is the finest, and the default.

    Raises
    ------
    FileError
        If they describe no image, or there is no such level.

    Examples
    --------
    >>> axes = [{"name": "y", "unit": "micrometer"}, {"name": "x", "unit": "micrometer"}]
    >>> scale = {"type": "scale", "scale": [0.5, 0.5]}
    >>> dataset = {"path": "0", "coordinateTransformations": [scale]}
    >>> read_level({"multiscales": [{"axes": axes, "datasets": [dataset]}]}).scale
    (0.5, 0.5)
    """
    multiscales = attributes.get("ome", attributes).get("multiscales")
    if not multiscales:
        raise FileError(
            "it is a Zarr group without the metadata of an OME-Zarr image; expected the address "
            "of one image, or of one array in it"
        )
    image = multiscales[0]
    dataset = image["datasets"][check_level(level, len(image["datasets"]))]
    axes = [
        axis if isinstance(axis, Mapping) else {"name": axis}  # plain names in 0.3
        for axis in image.get("axes", AXES_BEFORE_THEY_WERE_NAMED)
    ]
    return Level(
        path=dataset["path"],
        labels=tuple("c" if axis.get("type") == "channel" else axis["name"] for axis in axes),
        scale=_read_scale(dataset, image, len(axes)),
        units=_read_units(axes),
    )


def _read_scale(
    dataset: Mapping[str, Any], image: Mapping[str, Any], count: int
) -> tuple[float, ...]:
    """Multiply the scales of a level and of its image; empty where they are not told in full."""
    scale = [1.0] * count
    told = False
    for described in (dataset, image):
        for transformation in described.get("coordinateTransformations", ()):
            factors = transformation.get("scale")
            if factors is not None and len(factors) == count:
                scale = [size * float(factor) for size, factor in zip(scale, factors, strict=True)]
                told = True
    return tuple(scale) if told else ()


def _read_units(axes: list[Mapping[str, Any]]) -> tuple[str, ...]:
    units = [axis.get("unit") for axis in axes]
    return tuple(unit or "pixel" for unit in units) if any(units) else ()


def find_zarr(location: str, level: int | None) -> Stored:
    """Find the array of a Zarr, at one level of its pyramid, and what its metadata say of it."""
    location = location.rstrip("/") if is_address(location) else str(Path(location).absolute())
    node = _open_zarr(location)
    if isinstance(node, zarr.Array):
        check_level(level, 1)
        names = getattr(node.metadata, "dimension_names", None) or ()
        labels = [name or "" for name in names] if any(names) else None
        return Stored(LazyArray(partial(_open_zarr, location)), labels)
    if "bioformats2raw.layout" in node.attrs.get("ome", node.attrs):  # a folder of images
        return find_zarr(f"{location}/0", level)
    found = read_level(node.attrs, level)
    array = LazyArray(partial(_open_zarr, f"{location}/{found.path}"))
    return Stored(array, found.labels, found.scale, found.units)


def _open_zarr(location: str) -> Any:
    """Open a Zarr array or group."""
    try:
        return zarr.open(open_address(location) if is_address(location) else location, mode="r")
    except FileNotFoundError as error:
        raise FileError(
            f"there is no Zarr at {location}; expected an OME-Zarr image or a Zarr array"
        ) from error
