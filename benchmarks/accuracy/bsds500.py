"""The BSDS500 data set in its public layout: images/SPLIT/*.jpg and groundTruth/SPLIT/*.mat."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.data_set import score_against_annotators
from napari_dynaseg.errors import FileError, name_failure
from napari_dynaseg.image.pixels import Plane, to_plane
from napari_dynaseg.image.reader import read_plane
from napari_dynaseg.peers import Outcome

Item = TypeVar("Item")


def list_images(root: Path, split: str, most: int | None = None) -> list[Path]:
    """List the images of a split by name, evenly spread if fewer than all are wanted.

    Raises
    ------
    FileError
        If there are none.
    """
    images = sorted((root / "images" / split).glob("*.jpg"))
    if not images:
        raise FileError(f"{root} must hold images/{split}/*.jpg of BSDS500; found none")
    return spread_evenly(images, most)


def spread_evenly(items: list[Item], most: int | None) -> list[Item]:
    """Take at most so many of a list, evenly spread."""
    if most is None or most >= len(items):
        return items
    return [items[place * len(items) // most] for place in range(most)]


def read_truths(image: Path) -> list[npt.NDArray[np.uint16]]:
    """Read the segments that annotators drew of an image, one map each.

    Raises
    ------
    FileError
        If the file is not there or cannot be read.
    """
    from scipy.io import loadmat

    split = image.parent
    path = split.parent.parent / "groundTruth" / split.name / f"{image.stem}.mat"
    with name_failure(path):
        annotated: Any = loadmat(path)["groundTruth"]
    return [each["Segmentation"][0, 0] for each in annotated[0]]


@dataclass(frozen=True)
class Bsds500:
    """A split of BSDS500, to measure methods on.

    Parameters
    ----------
    root
        Holds images/ and groundTruth/.
    split
        ``"train"``, ``"val"`` or ``"test"``.
    """

    root: Path
    split: str

    @property
    def name(self) -> str:
        """Which set, and which part of it."""
        return f"bsds500 {self.split}"

    def list_names(self) -> list[str]:
        """List the images, without their ending."""
        return [path.stem for path in list_images(self.root, self.split)]

    def _find(self, name: str) -> Path:
        return self.root / "images" / self.split / f"{name}.jpg"

    def read_plane(self, name: str) -> Plane:
        """Read an image as float32, (C, H, W)."""
        return to_plane(read_plane(self._find(name)), channel_axis=0)

    def score(self, name: str, outcome: Outcome, method: str) -> dict[str, Any]:  # noqa: ARG002
        """Score what a method made of an image against every annotator's map."""
        return score_against_annotators(outcome, read_truths(self._find(name)))
