"""TIFF files of any number of axes, opened without reading their pixels."""

import weakref
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import tifffile
import zarr

from napari_dynaseg.image.stored_array import LazyArray, Stored, check_level

COLOURS = (tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.YCBCR)
# What an OME-TIFF calls units.
LENGTHS = {
    "picometer": "pm",
    "angstrom": "Å",
    "nanometer": "nm",
    "micrometer": "µm",
    "millimeter": "mm",
    "centimeter": "cm",
    "meter": "m",
}
TIMES = {"microsecond": "µs", "millisecond": "ms", "second": "s", "minute": "min", "hour": "h"}
OME_UNITS = LENGTHS | TIMES
# How TIFF files write them; a scale in others is left out.
TIFF_UNITS = {
    **{written: unit for unit, short in OME_UNITS.items() for written in (unit, short)},
    **dict.fromkeys(("μm", "\\u00B5m", "um", "micron", "microns"), "micrometer"),
    **dict.fromkeys(("sec", "seconds"), "second"),
    "msec": "millisecond",
}


def find_tiff(location: str, level: int | None) -> Stored:
    """Find the array of a TIFF, at one level of its pyramid, and what the file says of it."""
    path = str(Path(location).absolute())  # another process may be in another folder
    with tifffile.TiffFile(path) as tiff:
        series = tiff.series[0]
        level = check_level(level, len(series.levels))
        labels = _label_tiff(series)
        scale, units = _measure_tiff(tiff, series, series.levels[level])
    return Stored(LazyArray(partial(_open_tiff, path, level)), labels, scale, units)


def _open_tiff(path: str, level: int) -> Any:
    with ExitStack() as stack:
        tiff = stack.enter_context(tifffile.TiffFile(path))
        series = tiff.series[0].levels[level]
        # A page is read at once, as it is needed whole; but not if it is a volume.
        chunks = tifffile.CHUNKMODE.PAGE if series.keyframe.imagedepth == 1 else None
        store = series.aszarr(level=0, chunkmode=chunks)
        stack.callback(store.close)
        array = zarr.open_array(store, mode="r")
        weakref.finalize(array, stack.pop_all().close)
    return array


def _label_tiff(series: tifffile.TiffPageSeries) -> list[str]:
    """Label the axes of a TIFF; Q stands for unknown, and S for any samples, coloured or not."""
    letters = series.axes
    coloured = series.keyframe.photometric in COLOURS and series.shape[-1] in (3, 4)
    if not (coloured and letters.endswith("S")):
        letters = letters.replace("S", "Q" if "C" in letters else "C")
    return ["" if letter == "Q" else letter for letter in letters]


def _measure_tiff(
    tiff: tifffile.TiffFile, finest: tifffile.TiffPageSeries, series: tifffile.TiffPageSeries
) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Give the scale and the units of a level; both empty where the file does not tell."""
    read_sizes = _read_ome_sizes if finest.kind == "ome" else _read_imagej_sizes
    sizes = read_sizes(tiff)
    if not {"Y", "X"} <= sizes.keys():
        return (), ()
    known = [sizes.get(letter, (1.0, "pixel")) for letter in series.axes]
    reduced = [
        larger / smaller if letter in sizes else 1.0
        for letter, larger, smaller in zip(series.axes, finest.shape, series.shape, strict=True)
    ]
    scale = tuple(size * factor for (size, _), factor in zip(known, reduced, strict=True))
    return scale, tuple(unit for _, unit in known)


def _read_ome_sizes(tiff: tifffile.TiffFile) -> dict[str, tuple[float, str]]:
    """Read the size of a pixel, and its unit, on each axis of which an OME-TIFF tells it."""
    images = tifffile.xml2dict(tiff.ome_metadata or "")["OME"]["Image"]
    pixels = (images[0] if isinstance(images, list) else images)["Pixels"]
    keys = {letter: (f"PhysicalSize{letter}", "µm") for letter in "ZYX"}
    keys["T"] = ("TimeIncrement", "s")
    return _keep_known_sizes(
        {
            letter: (pixels.get(key, 0), pixels.get(f"{key}Unit", unit))
            for letter, (key, unit) in keys.items()
        }
    )


def _read_imagej_sizes(tiff: tifffile.TiffFile) -> dict[str, tuple[float, str]]:
    """Read the same of a TIFF that ImageJ wrote."""
    metadata = tiff.imagej_metadata or {}
    unit = metadata.get("unit", "")
    columns, rows = tiff.pages.first.resolution  # in pixels a unit
    return _keep_known_sizes(
        {
            "T": (metadata.get("finterval", 0), "s"),
            "Z": (metadata.get("spacing", 0), unit),
            "Y": (rows and 1 / rows, unit),
            "X": (columns and 1 / columns, unit),
        }
    )


def _keep_known_sizes(sizes: dict[str, tuple[Any, Any]]) -> dict[str, tuple[float, str]]:
    return {
        letter: (float(size), TIFF_UNITS[unit])
        for letter, (size, unit) in sizes.items()
        if isinstance(size, int | float) and size > 0 and unit in TIFF_UNITS
    }
