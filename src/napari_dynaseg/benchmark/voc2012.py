"""PASCAL VOC2012 in its public layout: JPEGImages/*.jpg, SegmentationClass/ and …Object/*.png."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_dynaseg.benchmark.data_set import score_against_people
from napari_dynaseg.benchmark.protocol import Integers, find_components
from napari_dynaseg.errors import FileError
from napari_dynaseg.files import read_image
from napari_dynaseg.labels import LabelMap
from napari_dynaseg.pixels import Plane, to_plane

# In masks: void, or in scribbles of the same form no scribble.
VOID = 255
BACKGROUND = 0


def read_mask(path: Path) -> npt.NDArray[np.int32]:
    """Read the numbers of a mask with a palette, void as -1.

    Raises
    ------
    FileError
        If it cannot be read.
    """
    from PIL import Image

    try:
        mask = np.array(Image.open(path)).astype(np.int32)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error}") from error
    return np.where(mask == VOID, -1, mask)


def find_segments(mask: Integers, is_of_objects: bool) -> Integers:
    """Number the true segments of a mask from 0; void stays below 0.

    Parameters
    ----------
    mask
        (H, W), void below 0.
    is_of_objects
        An object is one segment, even in several parts; of a mask of classes, and of the
        background, each connected component is one.

    Examples
    --------
    >>> find_segments(np.array([[1, 0, 1, -1]]), is_of_objects=True)
    array([[ 1,  0,  1, -1]])
    >>> find_segments(np.array([[1, 0, 1, -1]]), is_of_objects=False)
    array([[ 0,  1,  2, -1]])
    """
    components = find_components(mask)
    if is_of_objects:
        components = np.where(mask > BACKGROUND, components.max() + mask, components)
    used, numbered = np.unique(np.where(mask < 0, -1, components), return_inverse=True)
    segments: Integers = numbered.reshape(mask.shape) - int(used[0] < 0)
    return segments


@dataclass(frozen=True)
class Voc2012:
    """The images of VOC2012 that have masks, or those of a list.

    Parameters
    ----------
    root
        Holds JPEGImages/ and SegmentationClass/, and SegmentationObject/ where there is one.
    names
        A file of one image's name a line, as those of ImageSets/Segmentation; by default all
        images that have a mask of classes.
    """

    root: Path
    names: Path | None = None

    @property
    def name(self) -> str:
        """Which set, and which part of it."""
        return f"voc2012 {self.names.stem if self.names else 'all'}"

    def list_names(self) -> list[str]:
        """List the images, without their ending."""
        if self.names is None:
            found = sorted(path.stem for path in (self.root / "SegmentationClass").glob("*.png"))
            source = self.root / "SegmentationClass"
        else:
            source = self.names
            try:
                found = [
                    line.split()[0] for line in source.read_text().splitlines() if line.strip()
                ]
            except OSError as error:
                raise FileError(f"{source} cannot be read: {error}") from error
        if not found:
            raise FileError(f"{source} must name images of VOC2012; found none")
        return found

    def read_plane(self, name: str) -> Plane:
        """Read an image as float32, (C, H, W)."""
        return to_plane(read_image(self.root / "JPEGImages" / f"{name}.jpg").pixels)

    def score(self, name: str, labels: LabelMap, method: str) -> dict[str, Any]:  # noqa: ARG002
        """Score a label map of an image; void pixels are left out."""
        objects = self.root / "SegmentationObject" / f"{name}.png"
        classes = self.root / "SegmentationClass" / f"{name}.png"
        is_of_objects = objects.exists()
        segments = find_segments(read_mask(objects if is_of_objects else classes), is_of_objects)
        return score_against_people(labels, [segments])
