"""Image files of one plane: which there are in a folder, and their pixels."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio.v3 as imageio
import numpy as np
import numpy.typing as npt
import tifffile

from napari_dynaseg.errors import FileError, ImageError

TIFF_ENDINGS = (".tif", ".tiff")
IMAGE_ENDINGS = (*TIFF_ENDINGS, ".png", ".jpg", ".jpeg")


@dataclass(frozen=True, eq=False)
class ImageFile:
    """The pixels of an image file, and which of its axes holds the channels, where it says so."""

    pixels: npt.NDArray[Any]
    channel_axis: int | None = None


def list_images(paths: Iterable[Path]) -> list[Path]:
    """List image files, and the image files that folders hold, in the order given.

    Parameters
    ----------
    paths
        Files and folders; a folder stands for the images right in it, sorted by name.

    Raises
    ------
    FileError
        If a path does not exist, has an ending that is not read, or is a folder of no image.
    """
    images: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(child for child in path.iterdir() if _is_image(child))
            if not inside:
                raise FileError(f"{path} holds no image; expected {', '.join(IMAGE_ENDINGS)}")
            images += inside
        elif not path.is_file():
            raise FileError(f"{path} does not exist")
        elif not _is_image(path):
            raise FileError(f"{path} is no image file; expected {', '.join(IMAGE_ENDINGS)}")
        else:
            images.append(path)
    return images


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_ENDINGS


def read_image(path: Path) -> ImageFile:
    """Read a TIFF, PNG or JPEG file of one plane.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    FileError
        If the file cannot be read.
    ImageError
        If a TIFF says that it is a stack.
    """
    try:
        if path.suffix.lower() in TIFF_ENDINGS:
            return _read_tiff(path)
        return ImageFile(imageio.imread(path, plugin="pillow"))
    except ImageError:
        raise
    except Exception as error:  # the decoders raise whatever they like on a broken file
        raise FileError(f"{path} cannot be read: {_describe(error)}") from error


def _describe(error: Exception) -> str:
    return str(error) or type(error).__name__


def _read_tiff(path: Path) -> ImageFile:
    with tifffile.TiffFile(path) as tiff:
        series = tiff.series[0]
        sizes = dict(zip(series.axes, series.shape, strict=True))
        stack = [f"{axis}={size}" for axis, size in sizes.items() if axis in "TZI" and size > 1]
        if stack:
            raise ImageError(f"{path} is a stack ({', '.join(stack)}); expected one plane")
        pixels = np.asarray(series.asarray())
        kept = [axis for axis in series.axes if axis in "YX" or sizes[axis] > 1]
        return ImageFile(pixels.reshape([sizes[axis] for axis in kept]), _find_channels(kept))


def _find_channels(axes: list[str]) -> int | None:
    """Find the axis of channels in a TIFF's axes; colour samples (S) are left to their shape."""
    return axes.index("C") if "C" in axes and len(axes) == 3 else None
