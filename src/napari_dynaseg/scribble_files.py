"""Scribbles in files: labels that a user drew on some pixels of an image."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from napari_dynaseg.errors import FileError, ImageError, SettingsError
from napari_dynaseg.files import TIFF_ENDINGS, read_image
from napari_dynaseg.labels import LabelMap

SCRIBBLE_ENDINGS = (*TIFF_ENDINGS, ".png")


class ScribbleFile(NamedTuple):
    """A file of scribbles, and the number that means nothing there."""

    path: Path
    background: int = 0

    @classmethod
    def of_one_image(cls, path: Path, background: int, images: Sequence[str]) -> "ScribbleFile":
        """Choose the scribbles on an image.

        Raises
        ------
        SettingsError
            If there are several images, or a folder of them.
        """
        is_folder = Path(images[0]).is_dir() and Path(images[0]).suffix != ".zarr"
        if len(images) > 1 or is_folder:
            raise SettingsError(f"{path} is scribbled on one image; got {', '.join(images)}")
        return cls(path, background)

    def read(self, shape: tuple[int, int]) -> LabelMap:
        """Read them, as `read_scribble_file` does."""
        return read_scribble_file(self.path, shape, self.background)


def read_scribble_file(path: Path, shape: tuple[int, int], background: int = 0) -> LabelMap:
    """Read scribbles on a plane.

    Parameters
    ----------
    path
        A TIFF or PNG of whole numbers; of a PNG with a palette the numbers count, not the
        colours.
    shape
        (H, W) of the plane.
    background
        The number that means that nothing was scribbled. Where it is not 0, all other numbers
        are raised by one, since label 0 means nothing.

    Returns
    -------
    numpy.ndarray
        int32, (H, W); 0 where nothing was scribbled.

    Raises
    ------
    FileError
        If the file cannot be read, or ends otherwise.
    ImageError
        If it is not of that shape, holds no whole numbers, or nothing is scribbled.
    """
    drawn = _read_numbers(path)
    if drawn.dtype.kind not in "biu":
        raise ImageError(f"{path}: scribbles must be whole numbers; got {drawn.dtype}")
    if drawn.shape != shape:
        raise ImageError(
            f"{path}: scribbles must be one number for each pixel of the plane, {shape}; "
            f"got shape {drawn.shape}"
        )
    numbers = drawn.astype(np.int64)
    if background:
        numbers = np.where(numbers == background, 0, numbers + 1)
    if not numbers.any():
        raise ImageError(f"{path}: nothing is scribbled; every pixel is {background}")
    if numbers.min() < 0 or numbers.max() > np.iinfo(np.int32).max:
        raise ImageError(
            f"{path}: scribbles must be labels from 1 on that int32 holds; "
            f"got {numbers.min()} to {numbers.max()}"
        )
    return numbers.astype(np.int32)


def _read_numbers(path: Path) -> npt.NDArray[np.generic]:
    if path.suffix.lower() not in SCRIBBLE_ENDINGS:
        expected = ", ".join(SCRIBBLE_ENDINGS)
        raise FileError(f"scribbles lie in a file that ends in {expected}; got {path}")
    if path.suffix.lower() in TIFF_ENDINGS:
        return read_image(path).pixels
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return np.asarray(picture)
    except (OSError, ValueError, SyntaxError) as error:
        raise FileError(f"{path} cannot be read: {error}") from error
