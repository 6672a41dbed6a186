"""The BSDS500 data set in its public layout: images/SPLIT/*.jpg and groundTruth/SPLIT/*.mat."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_dynaseg.errors import FileError


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
    if most is None or most >= len(images):
        return images
    return [images[place * len(images) // most] for place in range(most)]


def read_truths(image: Path) -> list[npt.NDArray[np.uint16]]:
    """Read the segments that people drew of an image, one map a person.

    Raises
    ------
    FileError
        If the file is not there or cannot be read.
    """
    from scipy.io import loadmat

    split = image.parent
    path = split.parent.parent / "groundTruth" / split.name / f"{image.stem}.mat"
    try:
        drawn: Any = loadmat(path)["groundTruth"]
    except (OSError, KeyError, ValueError) as error:
        raise FileError(f"{path} cannot be read: {error}") from error
    return [drawn[0, person]["Segmentation"][0, 0] for person in range(drawn.shape[1])]
