"""Image and label files: what the command line reads and writes."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio.v3 as imageio
import numpy as np
import numpy.typing as npt
import tifffile
from skimage.color import label2rgb
from skimage.segmentation import mark_boundaries

from napari_dynaseg.errors import FileError, ImageError
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.recipes.method_record import MethodRecord
from napari_dynaseg.recipes.recipe import Recipe
from napari_dynaseg.recipes.whole_file import write_whole

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


def write_labels(path: Path, labels: LabelMap, recipe: Recipe | MethodRecord) -> None:
    """Write a label map as a TIFF with its recipe inside, whole or not at all.

    Parameters
    ----------
    path
        Ends in ``.tif`` or ``.tiff``.
    labels
        Shape (H, W); written as uint16, which every program reads, while the numbers fit.
    recipe
        What made the labels.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    fitting = labels.astype(np.uint16) if labels.max() < 2**16 else labels
    write_whole(
        path,
        lambda part: tifffile.imwrite(
            part, fitting, compression="zlib", metadata=recipe.to_metadata()
        ),
    )


def read_labels(path: Path) -> tuple[npt.NDArray[np.integer], Recipe]:
    """Read a label map and its recipe back from a TIFF that `write_labels` wrote.

    Raises
    ------
    FileError
        If the file cannot be read or holds no recipe.
    """
    try:
        with tifffile.TiffFile(path) as tiff:
            metadata = (tiff.shaped_metadata or ({},))[0]
            labels = np.asarray(tiff.asarray())
    except Exception as error:  # as above
        raise FileError(f"{path} cannot be read: {_describe(error)}") from error
    return labels, Recipe.from_metadata(metadata)


def write_preview(path: Path, plane: Plane, labels: LabelMap) -> None:
    """Write a picture of a plane with its segments coloured and outlined.

    Parameters
    ----------
    path
        A PNG or JPEG file.
    plane
        Shape (C, H, W), values 0…1.
    labels
        Shape (H, W).

    Raises
    ------
    FileError
        If the picture cannot be written.
    """
    picture = draw_preview(plane, labels)
    write_whole(path, lambda part: imageio.imwrite(part, picture))


def draw_preview(plane: Plane, labels: LabelMap) -> npt.NDArray[np.uint8]:
    """Draw a plane with its segments coloured and outlined: uint8, shape (H, W, 3)."""
    grey = plane.mean(axis=0)
    picture = np.moveaxis(plane, 0, -1) if len(plane) == 3 else np.stack([grey] * 3, axis=-1)
    coloured = label2rgb(labels, picture, alpha=0.4, saturation=1, bg_label=0)
    outlined = mark_boundaries(coloured, labels, color=(1, 1, 1), mode="inner")
    drawn: npt.NDArray[np.uint8] = np.round(255 * np.clip(outlined, 0, 1)).astype(np.uint8)
    return drawn
