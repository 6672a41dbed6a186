"""Small microscopy sets with a human or an exact truth: foreground everywhere, objects in some."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy import object_scores
from napari_dynaseg.errors import FileError
from napari_dynaseg.image.pixels import Plane, to_plane
from napari_dynaseg.image.reader import read_plane
from napari_dynaseg.labels.numbering import LabelMap

Pixels = npt.NDArray[Any]
# Of a stack of many planes every n-th counts: its neighbours look like it.
PLANES_APART = 10


class CellSet(NamedTuple):
    """How a set lies on disk.

    Parameters
    ----------
    list_names
        Gives the names of its images, from its folder.
    read
        Gives the image and the truth of a name; numbers above 0 are objects or foreground.
    has_objects
        Whether the truth tells objects apart.
    """

    list_names: Callable[[Path], list[str]]
    read: Callable[[Path, str], tuple[Pixels, Pixels]]
    has_objects: bool


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
        try:
            return SETS[folder].read(self.root / folder, image)
        except (OSError, KeyError, ValueError) as error:
            raise FileError(f"{self.root / name} cannot be read: {error}") from error

    def read_plane(self, name: str) -> Plane:
        """Read an image as float32, (C, H, W)."""
        return to_plane(self._read(name)[0])

    def score(self, name: str, labels: LabelMap, method: str) -> dict[str, Any]:
        """Score a label map of an image: ``dice``, and ``ap`` where objects are known."""
        truth = self._read(name)[1].astype(np.int64)
        foreground = object_scores.choose_foreground(labels, truth > 0)
        scores = {"dice": round(object_scores.measure_dice(foreground, truth > 0), 6)}
        if SETS[name.partition("/")[0]].has_objects:
            split = (
                object_scores.split_by_watershed if method == "otsu" else object_scores.find_parts
            )
            scores["ap"] = round(object_scores.measure_precision(split(foreground), truth), 6)
        return scores


def _list_files(inside: str) -> Callable[[Path], list[str]]:
    return lambda folder: sorted(path.stem for path in (folder / inside).glob("*.*"))


def _read_dsb(folder: Path, name: str) -> tuple[Pixels, Pixels]:
    image = read_plane(folder / "images" / f"{name}.png")
    return image, read_plane(folder / "labels" / f"{name}.tif")[0]


def _list_times(folder: Path) -> list[str]:
    path = folder / "raw_TYX.tif"
    return [f"T{place}" for place in range(len(_read_stack(path)))] if path.exists() else []


def _read_times(folder: Path, name: str) -> tuple[Pixels, Pixels]:
    image, truth = (_read_stack(folder / f"{kind}_TYX.tif") for kind in ("raw", "labels"))
    return image[int(name[1:])], truth[int(name[1:])]


def _read_stack(path: Path) -> Pixels:
    import tifffile

    stack: Pixels = tifffile.imread(path)
    return stack


def _list_ovule(folder: Path) -> list[str]:
    path = folder / "1135_mini.h5"
    if not path.exists():
        return []
    return [f"Z{place}" for place in range(0, len(_read_volume(path, "raw")), PLANES_APART)]


def _read_ovule(folder: Path, name: str) -> tuple[Pixels, Pixels]:
    image, truth = (_read_volume(folder / "1135_mini.h5", kind) for kind in ("raw", "label"))
    return image[int(name[1:])], truth[int(name[1:])]


def _read_volume(path: Path, name: str) -> Pixels:
    try:
        import h5py
    except ImportError:
        raise FileError(f"{path} is read with h5py: install napari-dynaseg[benchmark]") from None
    with h5py.File(path) as file:
        volume: Pixels = file[name][:]
    return volume


def _read_monuseg(folder: Path, name: str) -> tuple[Pixels, Pixels]:
    image, truth = (read_plane(folder / kind / f"{name}.tif") for kind in ("imgs", "labels"))
    return image, truth[0]


def _read_isbi(folder: Path, name: str) -> tuple[Pixels, Pixels]:
    """Read a slice; its foreground is the membranes, the fifth of it that is not easy."""
    image, cells = (read_plane(folder / kind / f"{name}.png") for kind in ("image", "label"))
    return image, cells[0] == 0


SETS: dict[str, CellSet] = {
    "dsb2018": CellSet(_list_files("images"), _read_dsb, True),
    "ctc_fluo_n2dh_sim": CellSet(_list_times, _read_times, True),
    "plantseg_ovule3d": CellSet(_list_ovule, _read_ovule, True),
    "monuseg_he": CellSet(_list_files("imgs"), _read_monuseg, False),
    "isbi2012_em": CellSet(_list_files("image"), _read_isbi, False),
}
