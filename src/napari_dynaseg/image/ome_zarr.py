"""What the metadata of an OME-Zarr image say of one of its levels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_dynaseg.errors import FileError

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
