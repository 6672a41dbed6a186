"""Scribbles and guidance in files: labels that a user gives to pixels of an image."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from napari_dynaseg.errors import FileError, ImageError, SettingsError
from napari_dynaseg.image.reader import TIFF_ENDINGS, read_plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.annotations import SCRIBBLES, GivenKind

GIVEN_ENDINGS = (*TIFF_ENDINGS, ".png")


class GivenFile(NamedTuple):
    """A file of labels that are given, which kind they are, and the number that means nothing."""

    path: Path
    kind: GivenKind
    background: int = 0

    @classmethod
    def of_one_image(
        cls, path: Path, kind: GivenKind, background: int, images: Sequence[str]
    ) -> "GivenFile":
        """Choose the labels on an image.

        Raises
        ------
        SettingsError
            If there are several images, or a folder of them.
        """
        is_folder = Path(images[0]).is_dir() and Path(images[0]).suffix != ".zarr"
        if len(images) > 1 or is_folder:
            raise SettingsError(f"{path} {kind.on_one}; got {', '.join(images)}")
        return cls(path, kind, background)

    def read(self, shape: tuple[int, int]) -> LabelMap:
        """Read them, as `read_given_file` does."""
        return read_given_file(self.path, shape, self.kind, self.background)


def read_given_file(
    path: Path, shape: tuple[int, int], kind: GivenKind = SCRIBBLES, background: int = 0
) -> LabelMap:
    """Read labels that are given to pixels of a plane.

    Parameters
    ----------
    path
        A TIFF or PNG of whole numbers; of a PNG with a palette the numbers count, not the
        colours.
    shape
        (H, W) of the plane.
    kind
        What they are.
    background
        The number that means that there is none. Where it is not 0, all other numbers are raised
        by one, since label 0 means nothing.

    Returns
    -------
    numpy.ndarray
        int32, (H, W); 0 where there is none.

    Raises
    ------
    FileError
        If the file cannot be read, or ends otherwise.
    ImageError
        If it is not of that shape, holds no whole numbers, or no label at all.
    """
    given = _read_numbers(path, kind)
    if given.dtype.kind not in "biu":
        raise ImageError(f"{path}: {kind.name} must be whole numbers; got {given.dtype}")
    if given.shape != shape:
        raise ImageError(
            f"{path}: {kind.name} must be one number for each pixel of the plane, {shape}; "
            f"got shape {given.shape}"
        )
    numbers = given.astype(np.int64)
    if background:
        numbers = np.where(numbers == background, 0, numbers + 1)
    if not numbers.any():
        raise ImageError(f"{path}: {kind.nothing}; every pixel is {background}")
    try:
        kind.check_labels(numbers)
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from None
    return numbers.astype(np.int32)


def _read_numbers(path: Path, kind: GivenKind) -> npt.NDArray[np.generic]:
    if path.suffix.lower() not in GIVEN_ENDINGS:
        expected = ", ".join(GIVEN_ENDINGS)
        raise FileError(f"a file of {kind.name} ends in {expected}; got {path}")
    if path.suffix.lower() in TIFF_ENDINGS:
        channels = read_plane(path)
        return channels[0] if len(channels) == 1 else channels
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return np.asarray(picture)
    except (OSError, ValueError, SyntaxError) as error:
        raise FileError(f"{path} cannot be read: {error}") from error
