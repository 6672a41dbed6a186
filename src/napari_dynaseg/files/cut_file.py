"""Labels in a file, cut anew into another."""

from pathlib import Path
from typing import Any

from napari_dynaseg.errors import FileError, name_in_errors
from napari_dynaseg.files.formats import find_ending, write_label_layer
from napari_dynaseg.files.label_state import LayerState
from napari_dynaseg.files.label_tiff import read_label_tiff
from napari_dynaseg.files.label_zarr import read_label_zarr
from napari_dynaseg.files.ome_labels import LAYER_ZARR_ENDING, ZARR_ENDING
from napari_dynaseg.files.plain_labels import write_plain
from napari_dynaseg.image.reader import TIFF_ENDINGS
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.recipes.cut_again import cut_again
from napari_dynaseg.recipes.kept_tree import TREE_KEY
from napari_dynaseg.recipes.painted_recipe import MAP_KEY, take_plane
from napari_dynaseg.recipes.recipe import METADATA_KEY


def cut_labels(
    path: str | Path,
    detail: float | str,
    *,
    result: str | None = None,
    output: str | Path | None = None,
) -> LabelMap:
    """Cut labels that were saved at another detail, without their image and without training.

    Pixels that were painted stay as they are, and numbers stay where regions do. Colours,
    classes and all else of a layer go along.

    Parameters
    ----------
    path
        Labels of one plane that this package wrote, with their tree: ``.tif`` or ``.zarr``.
    detail
        0…100, larger for more, finer regions.
    result
        ``"clusters"`` or ``"regions"``; by default what the labels are.
    output
        Where they go, with their tree and a recipe that makes the same: ``.tif``,
        ``.dynaseg.ome.tif`` or ``.dynaseg.ome.zarr``; replaced if it is there. By default
        nowhere.

    Returns
    -------
    numpy.ndarray
        int32, of the shape of the labels.

    Raises
    ------
    FileError
        If the labels cannot be read, or keep no tree, or the output cannot be written.
    SettingsError
        If there is no such detail or result.
    """
    source = Path(path)
    goal = None if output is None else Path(output)
    if goal is not None and find_ending(goal) is None and _is_unknown(goal, TIFF_ENDINGS):
        expected = ", ".join((*TIFF_ENDINGS, LAYER_ZARR_ENDING))
        raise FileError(f"labels go into a file that ends in {expected}; got {goal}")
    with name_in_errors(source):
        pixels, state = _read(source)
        labels, metadata = cut_again(pixels, state.metadata, detail, result)
    if goal is not None:
        _write(goal, labels, state.model_copy(update={"metadata": metadata}))
    return labels


def _read(path: Path) -> tuple[Any, LayerState]:
    if _is_unknown(path, (*TIFF_ENDINGS, ZARR_ENDING)):
        raise FileError("expected labels in a .tif or a .zarr")
    if not path.exists():
        raise FileError("it does not exist")
    if path.suffix.lower() in TIFF_ENDINGS:
        return read_label_tiff(path)
    return read_label_zarr(path)


def _is_unknown(path: Path, endings: tuple[str, ...]) -> bool:
    return path.suffix.lower() not in endings


def _write(path: Path, labels: LabelMap, state: LayerState) -> None:
    """Write it as a layer, or as a plane with what makes it and its tree."""
    if find_ending(path) is not None:
        write_label_layer(path, labels, state)
        return
    metadata = state.metadata
    layer = metadata.get(MAP_KEY, {"shape": labels.shape, "is_turned": False})
    plane = take_plane(labels, tuple(layer["shape"]), layer["is_turned"])
    kept = {key: metadata[key] for key in (METADATA_KEY, TREE_KEY) if key in metadata}
    write_plain(path, plane, kept)
