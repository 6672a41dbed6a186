"""Scribbles and guidance in files: labels that a user gives to pixels of an image."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from napari_dynaseg.errors import FileError, ImageError, SettingsError, name_failure, name_in_errors
from napari_dynaseg.image.reader import TIFF_ENDINGS, read_plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.annotations import SCRIBBLES, AnnotationKind

ANNOTATION_ENDINGS = (*TIFF_ENDINGS, ".png")


class AnnotationFile(NamedTuple):
    """A file of labels that a user gives to pixels of a plane.

    Parameters
    ----------
    path
        A TIFF or PNG of whole numbers; of a PNG with a palette the numbers count, not the
        colours.
    kind
        What they are.
    background
        The number that means that there is none. Where it is not 0, all other numbers are raised
        by one, since label 0 means nothing.
    """

    path: Path
    kind: AnnotationKind = SCRIBBLES
    background: int = 0

    def check_single(self, images: Sequence[str]) -> None:
        """Refuse several images, or a folder of them: the labels are on one.

        Raises
        ------
        SettingsError
            If there are such.
        """
        is_folder = Path(images[0]).is_dir() and Path(images[0]).suffix != ".zarr"
        if len(images) > 1 or is_folder:
            raise SettingsError(f"{self.path} {self.kind.on_one}; got {', '.join(images)}")

    def read(self, shape: tuple[int, int]) -> LabelMap:
        """Read the labels of a plane of a shape, (H, W).

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
        path, kind = self.path, self.kind
        with name_in_errors(path):
            numbers = kind.read(_read_numbers(path, kind), shape).astype(np.int64)
        if self.background:
            numbers = np.where(numbers == self.background, 0, numbers + 1)
        if not numbers.any():
            raise ImageError(f"{path}: {kind.nothing}; every pixel is {self.background}")
        with name_in_errors(path):
            kind.check_labels(numbers)
        return numbers.astype(np.int32)


def _read_numbers(path: Path, kind: AnnotationKind) -> npt.NDArray[np.generic]:
    if path.suffix.lower() not in ANNOTATION_ENDINGS:
        expected = ", ".join(ANNOTATION_ENDINGS)
        raise FileError(f"a file of {kind.name} ends in {expected}; got {path}")
    if path.suffix.lower() in TIFF_ENDINGS:
        channels = read_plane(path)
        return channels[0] if len(channels) == 1 else channels
    from PIL import Image

    with name_failure(path), Image.open(path) as picture:
        return np.asarray(picture)
