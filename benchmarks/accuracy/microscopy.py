"""Small microscopy sets with a human or an exact truth: foreground everywhere, objects in some."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy import object_scores
from napari_dynaseg.errors import FileError, name_failure
from napari_dynaseg.image.pixels import Plane, to_plane
from napari_dynaseg.image.reader import read_plane
from napari_dynaseg.peers import Outcome

Pixels = npt.NDArray[Any]


@dataclass(frozen=True)
class PairedFiles:
    """A set with two files for each image.

    Parameters
    ----------
    image, truth
        Where they lie in the set's folder, ``*`` for the name of the image.
    has_objects
        Whether the truth tells objects apart.
    read_truth
        Gives numbers above 0 for objects or foreground.
    """

    image: str
    truth: str
    has_objects: bool = False
    read_truth: Callable[[Pixels], Pixels] = np.asarray

    def list_names(self, folder: Path) -> list[str]:
        """List the images, without their ending."""
        return sorted(path.stem for path in folder.glob(self.image))

    def read(self, folder: Path, name: str) -> tuple[Pixels, Pixels]:
        """Read an image and its truth."""
        image, truth = (folder / path.replace("*", name) for path in (self.image, self.truth))
        return read_plane(image), self.read_truth(read_plane(truth)[0])


@dataclass(frozen=True)
class StackPlanes:
    """A set of the planes of one stack.

    Parameters
    ----------
    image, truth
        Where the stacks lie in the set's folder: a TIFF, or an HDF5 file and a data set in it.
    axis
        Its letter, which begins the name of a plane.
    step
        Every so many-th plane counts: its neighbours look like it.
    has_objects
        Whether the truth tells objects apart.
    """

    image: str
    truth: str
    axis: str
    step: int = 1
    has_objects: bool = True

    def list_names(self, folder: Path) -> list[str]:
        """List the planes."""
        path = folder / self.image.partition(":")[0]
        planes = len(_read_stack(folder, self.image)) if path.exists() else 0
        return [f"{self.axis}{place}" for place in range(0, planes, self.step)]

    def read(self, folder: Path, name: str) -> tuple[Pixels, Pixels]:
        """Read a plane and its truth."""
        plane = int(name.removeprefix(self.axis))
        return _read_stack(folder, self.image)[plane], _read_stack(folder, self.truth)[plane]


def _read_stack(folder: Path, source: str) -> Pixels:
    name, _, data_set = source.partition(":")
    if data_set:
        return _read_volume(folder / name, data_set)
    import tifffile

    stack: Pixels = tifffile.imread(folder / name)
    return stack


def _read_volume(path: Path, name: str) -> Pixels:
    try:
        import h5py
    except ImportError:
        raise FileError(f"{path} is read with h5py: install napari-dynaseg[benchmark]") from None
    with h5py.File(path) as file:
        volume: Pixels = file[name][:]
    return volume


SETS: dict[str, PairedFiles | StackPlanes] = {
    "dsb2018": PairedFiles("images/*.png", "labels/*.tif", has_objects=True),
    "ctc_fluo_n2dh_sim": StackPlanes("raw_TYX.tif", "labels_TYX.tif", "T"),
    "plantseg_ovule3d": StackPlanes("1135_mini.h5:raw", "1135_mini.h5:label", "Z", step=10),
    "monuseg_he": PairedFiles("imgs/*.tif", "labels/*.tif"),
    # The foreground is the membranes, the fifth of a slice that is not easy.
    "isbi2012_em": PairedFiles("image/*.png", "label/*.png", read_truth=np.logical_not),
}


@dataclass(frozen=True)
class Microscopy:
    """The microscopy sets that a folder holds.

    Parameters
    ----------
    root
        Holds a folder for each set, named as in `SETS`; those that are missing are left out.
    """

    root: Path

    @property
    def name(self) -> str:
        """Which set."""
        return "microscopy"

    def list_names(self) -> list[str]:
        """List the images as SET/NAME.

        Raises
        ------
        FileError
            If there are none.
        """
        names = [
            f"{folder}/{name}"
            for folder, cells in SETS.items()
            for name in cells.list_names(self.root / folder)
        ]
        if not names:
            raise FileError(f"{self.root} must hold one of {', '.join(SETS)}; found none")
        return names

    def _read(self, name: str) -> tuple[Pixels, Pixels]:
        folder, _, image = name.partition("/")
        with name_failure(self.root / name):
            return SETS[folder].read(self.root / folder, image)

    def read_plane(self, name: str) -> Plane:
        """Read an image as float32, (C, H, W)."""
        return to_plane(self._read(name)[0])

    def score(self, name: str, outcome: Outcome, method: str) -> dict[str, Any]:
        """Score what a method made of an image: ``dice``, and ``ap`` where objects are known."""
        truth = self._read(name)[1].astype(np.int64)
        foreground = object_scores.choose_foreground(outcome.labels, truth > 0)
        scores = {"dice": round(object_scores.measure_dice(foreground, truth > 0), 6)}
        if SETS[name.partition("/")[0]].has_objects:
            split = (
                object_scores.split_by_watershed if method == "otsu" else object_scores.find_objects
            )
            scores["ap"] = round(object_scores.measure_precision(split(foreground), truth), 6)
        return scores
