"""PASCAL VOC2012 in its public layout: JPEGImages/*.jpg, SegmentationClass/ and …Object/*.png."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.data_set import score_against_annotators
from benchmarks.accuracy.protocol import Integers, find_components
from napari_dynaseg.errors import FileError, name_failure
from napari_dynaseg.image.pixels import Plane, to_plane
from napari_dynaseg.image.reader import read_plane
from napari_dynaseg.peers import Outcome

# In masks: void, or in scribbles of the same form no scribble.
VOID = 255
BACKGROUND = 0
# Masks have components of a pixel or two where classes meet void, more of them than real ones.
SMALLEST = 50

Reading = Literal["objects", "components", "classes"]


def read_mask(path: Path) -> npt.NDArray[np.int32]:
    """Read the numbers of a mask with a palette, void as -1.

    Raises
    ------
    FileError
        If it cannot be read.
    """
    from PIL import Image

    with name_failure(path):
        mask = np.array(Image.open(path)).astype(np.int32)
    return np.where(mask == VOID, -1, mask)


def find_segments(mask: Integers, reading: Reading, smallest: int = SMALLEST) -> Integers:
    """Number the true segments of a mask from 0; what is left out is below 0.

    Parameters
    ----------
    mask
        (H, W), void below 0.
    reading
        ``"objects"``: each number but the background's is one segment, even in several parts.
        ``"components"``: each connected component is one. ``"classes"``: each number is one.
    smallest
        Smaller components, of what is divided into components, are left out, as void is.

    Examples
    --------
    >>> mask = np.array([[1, 0, 1, -1]])
    >>> find_segments(mask, "objects", smallest=1)
    array([[ 1,  0,  1, -1]])
    >>> find_segments(mask, "components", smallest=1)
    array([[ 0,  1,  2, -1]])
    """
    components = find_components(mask)
    too_small = np.bincount(components.ravel() + 1)[components + 1] < smallest
    # Where a number is one segment, in however many components.
    whole = ((mask > BACKGROUND) & (reading == "objects")) | (reading == "classes")
    chosen = np.where(whole, components.max() + 1 + mask, np.where(too_small, -1, components))
    chosen[mask < 0] = -1
    used, numbered = np.unique(chosen, return_inverse=True)
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
    whole_classes
        Whether each class of an image is one segment; by default an object is, or where no
        objects are known a connected component.
    """

    root: Path
    names: Path | None = None
    whole_classes: bool = False

    @property
    def name(self) -> str:
        """Which set, and which part of it."""
        classes = " classes" if self.whole_classes else ""
        return f"voc2012 {self.names.stem if self.names else 'all'}{classes}"

    def list_names(self) -> list[str]:
        """List the images, without their ending."""
        source = self.names or self.root / "SegmentationClass"
        with name_failure(source):
            if self.names is None:
                found = sorted(path.stem for path in source.glob("*.png"))
            else:
                lines = source.read_text().splitlines()
                found = [line.split()[0] for line in lines if line.strip()]
        if not found:
            raise FileError(f"{source} must name images of VOC2012; found none")
        return found

    def read_plane(self, name: str) -> Plane:
        """Read an image as float32, (C, H, W)."""
        return to_plane(read_plane(self.root / "JPEGImages" / f"{name}.jpg"), channel_axis=0)

    def score(self, name: str, outcome: Outcome, method: str) -> dict[str, Any]:  # noqa: ARG002
        """Score what a method made of an image; void pixels are left out."""
        objects = self.root / "SegmentationObject" / f"{name}.png"
        if objects.exists() and not self.whole_classes:
            segments = find_segments(read_mask(objects), "objects")
        else:
            classes = read_mask(self.root / "SegmentationClass" / f"{name}.png")
            segments = find_segments(classes, "classes" if self.whole_classes else "components")
        return score_against_annotators(outcome, [segments])
