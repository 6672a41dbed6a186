"""A label map in a plain TIFF with its recipe inside, and a picture of its segments."""

from pathlib import Path
from typing import Any

import imageio.v3 as imageio
import numpy as np
import numpy.typing as npt
import tifffile
from skimage.color import label2rgb
from skimage.segmentation import mark_boundaries

from napari_dynaseg.errors import name_failure
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.label_tree import LabelTree
from napari_dynaseg.recipes.kept_tree import TREE_KEY, keep_tree
from napari_dynaseg.recipes.method_record import MethodRecord
from napari_dynaseg.recipes.recipe import Recipe
from napari_dynaseg.recipes.writing import write_whole


def write_labels(
    path: Path,
    labels: LabelMap,
    recipe: Recipe | MethodRecord,
    label_tree: LabelTree | None = None,
) -> None:
    """Write a label map as a TIFF with its recipe inside, whole or not at all.

    Parameters
    ----------
    path
        Ends in ``.tif`` or ``.tiff``.
    labels
        Shape (H, W); written as uint16, which every program reads, while the numbers fit.
    recipe
        What made the labels.
    label_tree
        What they are cut from, if they are.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    write_plain(path, labels, {**recipe.to_metadata(), **keep_tree(label_tree)})


def write_plain(path: Path, labels: LabelMap, metadata: dict[str, Any]) -> None:
    """Write a label map as `write_labels` does, with metadata that `read_plain` gives back."""
    fitting = labels.astype(np.uint16) if labels.max() < 2**16 else labels
    write_whole(
        path,
        lambda part: tifffile.imwrite(part, fitting, compression="zlib", metadata=metadata),
    )


def read_labels(path: Path) -> tuple[npt.NDArray[np.integer], Recipe]:
    """Read a label map and its recipe back from a TIFF that `write_labels` wrote.

    Raises
    ------
    FileError
        If the file cannot be read or holds no recipe.
    """
    labels, metadata = read_plain(path)
    return labels, Recipe.from_metadata(metadata)


def read_plain(path: Path) -> tuple[npt.NDArray[np.integer], dict[str, Any]]:
    """Read a label map back from a TIFF that `write_labels` wrote, with its metadata of ours.

    Raises
    ------
    FileError
        If the file cannot be read or holds no recipe.
    """
    with name_failure(path), tifffile.TiffFile(path) as tiff:
        metadata = (tiff.shaped_metadata or ({},))[0]
        labels = np.asarray(tiff.asarray())
    tree = {TREE_KEY: metadata[TREE_KEY]} if TREE_KEY in metadata else {}
    return labels, {**Recipe.from_metadata(metadata).to_metadata(), **tree}


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
    write_whole(path, lambda part: imageio.imwrite(part, picture, extension=path.suffix))


def draw_preview(plane: Plane, labels: LabelMap) -> npt.NDArray[np.uint8]:
    """Draw a plane with its segments coloured and outlined: uint8, shape (H, W, 3)."""
    grey = plane.mean(axis=0)
    picture = np.moveaxis(plane, 0, -1) if len(plane) == 3 else np.stack([grey] * 3, axis=-1)
    coloured = label2rgb(labels, picture, alpha=0.4, saturation=1, bg_label=0)
    outlined = mark_boundaries(coloured, labels, color=(1, 1, 1), mode="inner")
    drawn: npt.NDArray[np.uint8] = np.round(255 * np.clip(outlined, 0, 1)).astype(np.uint8)
    return drawn
