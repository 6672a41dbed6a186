"""What napari calls to save and to open label layers: the plugin's writers and its reader."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from napari.layers import Labels

from napari_dynaseg._napari.layers.followed_layer import saved
from napari_dynaseg._napari.layers.layer_state import describe_layer, restore_layer
from napari_dynaseg.errors import SegmentationError
from napari_dynaseg.files.formats import find_ending, read_label_layer, write_label_layer
from napari_dynaseg.files.label_tiff import LAYER_TIFF_ENDING
from napari_dynaseg.files.ome_labels import LAYER_ZARR_ENDING, find_folder
from napari_dynaseg.recipes.painted_recipe import add_corrections

# Endings that a user may type for a format; ours take their place.
TYPED = (".ome.tiff", ".ome.tif", ".tiff", ".tif", ".ome.zarr", ".zarr")

LayerData = tuple[Any, dict[str, Any], str]


def write_tiff(path: str, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Save a label layer as an OME-TIFF, for napari."""
    return _write(path, LAYER_TIFF_ENDING, data, attributes)


def write_zarr(path: str, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Save a label layer as an OME-Zarr, for napari."""
    return _write(path, LAYER_ZARR_ENDING, data, attributes)


def _write(path: str, ending: str, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    goal = complete_path(Path(path), ending)
    pixels = data[0] if attributes.get("multiscale") else data  # the finest level
    try:
        metadata = add_corrections(attributes.get("metadata", {}), pixels)
        write_label_layer(goal, pixels, describe_layer({**attributes, "metadata": metadata}))
    except SegmentationError as error:
        # napari takes a ValueError, which some of ours are, for a path that is not for us.
        raise OSError(str(error)) from error
    saved.emit(data)
    return [str(goal)]


def save_beside_pixels(layer: Labels) -> None:
    """Save all else of a layer whose pixels lie in a folder of ours, where they are at once."""
    folder = find_folder(layer.data)
    if folder is not None and folder.parent.name.endswith(LAYER_ZARR_ENDING):
        write_zarr(str(folder.parent), *layer.as_layer_data_tuple()[:2])


def complete_path(path: Path, ending: str) -> Path:
    """Give a path our ending, which the user may have typed in part or not at all.

    Examples
    --------
    >>> complete_path(Path("cells.tif"), ".dynaseg.ome.tif").name
    'cells.dynaseg.ome.tif'
    """
    if path.name.lower().endswith(ending):
        return path
    typed = next((each for each in TYPED if path.name.lower().endswith(each)), "")
    return path.with_name(path.name[: len(path.name) - len(typed)] + ending)


def get_reader(path: str | Sequence[str]) -> Callable[[str], list[LayerData]] | None:
    """Give the reader of a file or folder of ours, and none for any other."""
    # npe2 asks for every folder, as it knows no patterns of folders.
    if not isinstance(path, str) or find_ending(Path(path)) is None:
        return None
    return read_layers


def read_layers(path: str) -> list[LayerData]:
    """Open a label layer, for napari.

    Raises
    ------
    FileError
        If it cannot be read.
    """
    return [restore_layer(*read_label_layer(Path(path)))]
