"""Label layers in files, all that belongs to them included: which ending is which format."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from napari_dynaseg.errors import FileError, name_in_errors
from napari_dynaseg.files.label_state import LayerState
from napari_dynaseg.files.label_tiff import LAYER_TIFF_ENDING, read_label_tiff, write_label_tiff
from napari_dynaseg.files.label_zarr import read_label_zarr, write_label_zarr
from napari_dynaseg.files.ome_labels import LAYER_ZARR_ENDING
from napari_dynaseg.files.plain_labels import write_labels
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.label_tree import LabelTree
from napari_dynaseg.recipes.kept_tree import keep_tree
from napari_dynaseg.recipes.method_record import MethodRecord
from napari_dynaseg.recipes.recipe import Recipe

FORMATS: dict[str, tuple[Callable[[Path, Any, LayerState], None], Callable[[Path], Any]]] = {
    LAYER_TIFF_ENDING: (write_label_tiff, read_label_tiff),
    LAYER_ZARR_ENDING: (write_label_zarr, read_label_zarr),
}


def find_ending(path: Path) -> str | None:
    """Find by which of our endings a file is called, if by any."""
    return next((ending for ending in FORMATS if path.name.lower().endswith(ending)), None)


def write_label_layer(path: Path, pixels: Any, state: LayerState) -> None:
    """Write a label layer in the format of its ending, whole or not at all.

    Parameters
    ----------
    path
        Ends in ``.dynaseg.ome.tif`` or ``.dynaseg.ome.zarr``.
    pixels
        Whole numbers; in memory or lazy.
    state
        All else of the layer.

    Raises
    ------
    FileError
        If the ending is another, or it cannot be written.
    """
    write, _ = _find_format(path)
    write(path, pixels, state)


def read_label_layer(path: Path) -> tuple[Any, LayerState]:
    """Read a label layer back: its pixels, of a Zarr on disk, and all else of it.

    Raises
    ------
    FileError
        If the ending is another, or it cannot be read.
    """
    _, read = _find_format(path)
    with name_in_errors(path):
        pixels, state = read(path)
    return pixels, state


def write_label_map(
    path: Path,
    labels: LabelMap,
    recipe: Recipe | MethodRecord,
    image: StackImage | None = None,
    label_tree: LabelTree | None = None,
) -> None:
    """Write the labels of one plane: as a layer by one of our endings, else as a plain TIFF.

    Parameters
    ----------
    path
        Ends in ``.tif``, or as for `write_label_layer`.
    labels
        Shape (H, W).
    recipe
        What made the labels.
    image
        What they are of; a layer takes the size of its pixels.
    label_tree
        What they are cut from, if they are.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    if find_ending(path) is None:
        write_labels(path, labels, recipe, label_tree)
        return
    scale, units = (image.scale, image.units) if image else ((), ())
    plane = image.axes.plane if image else ()
    state = LayerState(
        name=f"{recipe.source.name} segments",
        scale=tuple(scale[axis] for axis in plane if scale),
        units=tuple(units[axis] for axis in plane if units),
        metadata={**recipe.to_metadata(), **keep_tree(label_tree)},
    )
    write_label_layer(path, labels, state)


def _find_format(path: Path) -> Any:
    ending = find_ending(path)
    if ending is None:
        raise FileError(f"a label layer ends in {' or '.join(FORMATS)}; got {path}")
    return FORMATS[ending]
