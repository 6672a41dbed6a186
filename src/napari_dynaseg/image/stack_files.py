"""Image files and addresses of any number of axes, opened without reading their pixels."""

import weakref
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import imageio.v3 as imageio
import tifffile
import zarr

from napari_dynaseg.errors import FileError, ImageError, SegmentationError
from napari_dynaseg.image.axes import Axes, parse_axes, read_axes
from napari_dynaseg.image.lazy_array import LazyArray
from napari_dynaseg.image.ome_zarr import check_level, read_level
from napari_dynaseg.image.remote import is_address, open_address
from napari_dynaseg.image.stack_image import StackImage

TIFF_ENDINGS = (".tif", ".tiff")
PICTURE_ENDINGS = (".png", ".jpg", ".jpeg")
COLOURS = (tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.YCBCR)
# How TIFF files write the units whose names everyone knows; a scale in others is left out.
TIFF_UNITS = {
    **dict.fromkeys(("µm", "μm", "\\u00B5m", "um", "micron", "microns"), "micrometer"),
    **dict.fromkeys(("nm", "nanometer"), "nanometer"),
    **dict.fromkeys(("mm", "millimeter"), "millimeter"),
    **dict.fromkeys(("s", "sec", "second", "seconds"), "second"),
    **dict.fromkeys(("ms", "msec", "millisecond"), "millisecond"),
    "micrometer": "micrometer",
}


@dataclass(frozen=True, eq=False)
class Stored:
    """An array, and what its file says of it.

    Parameters
    ----------
    array
        In memory, or lazy.
    labels
        One name an axis, empty for an unknown one; a last ``S`` holds the samples of a colour.
    scale
        Size of a pixel on each axis; empty where it is not known.
    units
        Unit of each axis; empty where they are not known.
    """

    array: Any
    labels: Sequence[str]
    scale: tuple[float, ...] = ()
    units: tuple[str, ...] = ()


def open_stack(
    location: str | Path, axes: str | None = None, level: int | None = None
) -> StackImage:
    """Open an image file or address, and read no more than what it says of itself.

    A TIFF and an OME-Zarr are read one plane at a time, later; a PNG or JPEG is read whole. What
    fails for a moment is read again. The image can be pickled, and sent to another process.

    Parameters
    ----------
    location
        A TIFF, PNG or JPEG file, the folder of an OME-Zarr image or of a Zarr array, or the
        address of one: ``http://``, ``https://`` or ``s3://``, which need the extra ``http`` or
        ``s3`` of this package. A public bucket of ``s3://`` is read without a key if the
        environment variable ``FSSPEC_S3_ANON`` is ``true``.
    axes
        One letter an axis, such as ``TZCYX``, as in `parse_axes`. By default the axes are as the
        file says; where it does not say, they are guessed from the shape as in `read_axes`, and
        a last axis of length 3 or 4 holds colours.
    level
        Which resolution of a pyramid, 0 being the finest, and the default.

    Returns
    -------
    StackImage
        With the size of its pixels, where the file tells.

    Raises
    ------
    FileError
        If there is no such file, it is of no such kind, it cannot be read, it has no such level,
        or a package is missing that its address needs.
    ImageError
        If the axes do not fit its shape.
    """
    location = str(location)
    try:
        stored = _find_reader(location)(location, level)
        read = _settle_axes(axes, stored)
    except SegmentationError as error:
        raise type(error)(f"{location}: {error}") from error
    except Exception as error:  # the decoders raise whatever they like on a broken file
        reason = str(error) or type(error).__name__
        raise FileError(f"{location} cannot be read: {reason}") from error
    used = slice(len(read.sizes))  # without colour samples
    name = Path(location).absolute().name  # of an address too
    scale, units = stored.scale[used], stored.units[used]
    return StackImage((stored.array,), read, name, location, scale, units, level or 0)


def _find_reader(location: str) -> Callable[[str, int | None], Stored]:
    path = Path(location)
    ending = path.suffix.lower()
    if is_address(location):
        if ending in (*TIFF_ENDINGS, *PICTURE_ENDINGS):
            raise FileError(f"a {ending} file must be on disk; expected the address of an OME-Zarr")
        return _find_zarr
    if not path.exists():
        raise FileError("it does not exist")
    if path.is_dir():
        return _find_zarr
    if ending in TIFF_ENDINGS:
        return _find_tiff
    if ending in PICTURE_ENDINGS:
        return _read_picture
    expected = ", ".join((*TIFF_ENDINGS, *PICTURE_ENDINGS))
    raise FileError(f"it is no image file; expected {expected}, or the folder of an OME-Zarr")


def _settle_axes(letters: str | None, stored: Stored) -> Axes:
    if letters is None:
        return _guess_axes(stored.labels, stored.array.shape)
    letters = letters.strip().upper()
    if "S" in letters[:-1] and "C" not in letters:  # samples in planes of their own
        letters = letters.replace("S", "C")
    return parse_axes(letters, stored.array.shape)


def _guess_axes(labels: Sequence[str], shape: Sequence[int]) -> Axes:
    if len(labels) != len(shape):
        raise ImageError(
            f"it names the axes {', '.join(labels)}, which do not fit its shape {tuple(shape)}; "
            "expected axes to be given"
        )
    samples = shape[-1] if labels[-1:] == ["S"] else 0
    count = len(shape) - bool(samples)
    if count < 2:
        raise ImageError(f"an image must have two axes at least; got shape {tuple(shape)}")
    # A name that comes a second time says nothing.
    names = ["" if name in labels[:axis] else name for axis, name in enumerate(labels[:count])]
    lowered = [name.lower() for name in names]
    named = "y" in lowered and "x" in lowered
    plane = (lowered.index("y"), lowered.index("x")) if named else (count - 2, count - 1)
    return read_axes(shape[:count], names, plane, samples)


def _label_nothing(shape: Sequence[int]) -> list[str]:
    """Label the axes of an array that says nothing of them: a short last one is of colours."""
    coloured = len(shape) > 2 and shape[-1] in (3, 4)
    return [*[""] * (len(shape) - coloured), *["S"] * coloured]


def _read_picture(location: str, level: int | None) -> Stored:
    check_level(level, 1)
    pixels = imageio.imread(location, plugin="pillow")
    if pixels.ndim == 3 and pixels.shape[-1] == 2:  # grey, and an alpha that is left out
        pixels = pixels[..., 0]
    return Stored(pixels, _label_nothing(pixels.shape))


def _find_tiff(location: str, level: int | None) -> Stored:
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


def _find_zarr(location: str, level: int | None) -> Stored:
    location = location.rstrip("/") if is_address(location) else str(Path(location).absolute())
    node = _open_zarr(location)
    if isinstance(node, zarr.Array):
        check_level(level, 1)
        names = getattr(node.metadata, "dimension_names", None) or ()
        labels = [name or "" for name in names] if any(names) else _label_nothing(node.shape)
        return Stored(LazyArray(partial(_open_zarr, location)), labels)
    if "bioformats2raw.layout" in node.attrs.get("ome", node.attrs):  # a folder of images
        return _find_zarr(f"{location}/0", level)
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
