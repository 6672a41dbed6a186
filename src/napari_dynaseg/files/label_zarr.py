"""A label layer as an OME-Zarr, which any reader of such opens, and whose pixels stay on disk."""

from pathlib import Path
from typing import Any

import numpy as np
import zarr

from napari_dynaseg.errors import FileError, name_failure
from napari_dynaseg.files.label_state import STATE_KEY, LayerState
from napari_dynaseg.files.label_store import STORE_KEY, LabelStore
from napari_dynaseg.files.ome_labels import ARRAY, LAYER_ZARR_ENDING, find_folder, write_empty
from napari_dynaseg.files.sinks import NETWORK
from napari_dynaseg.recipes.recipe import METADATA_KEY, Recipe, read_network_header
from napari_dynaseg.recipes.writing import write_whole


def write_label_zarr(path: Path, pixels: Any, state: LayerState) -> None:
    """Write a label layer, whole or not at all.

    Where the pixels lie in this very folder, as those of a stack do, all else is written beside
    them.

    Parameters
    ----------
    path
        Ends in `LAYER_ZARR_ENDING`. A layer that is there is replaced; nothing else is.
    pixels
        Whole numbers, two axes or more; in memory or lazy, read one plane at a time.
    state
        All else of the layer.

    Raises
    ------
    FileError
        If something else is there, or it cannot be written.
    """
    axes = state.find_axes(pixels.shape)
    attributes = {"ome": state.describe_ome(axes), STATE_KEY: state.to_plain()}
    if find_folder(pixels) == path.absolute() / ARRAY:
        with name_failure(path, "written"):
            zarr.open_group(path, mode="r+", use_consolidated=False).attrs.update(attributes)
        return

    def write(part: Path) -> None:
        array = write_empty(part, axes, attributes, str(pixels.dtype))
        for index in map(axes.index_labels, axes.list_positions()):
            array[index] = np.asarray(pixels[index])

    if path.exists():
        _open(path)  # refuses what is none of ours
    write_whole(path, write)


def read_label_zarr(path: Path) -> tuple[zarr.Array[Any], LayerState]:
    """Read a label layer back: its pixels, which are on disk as soon as they are set, and the rest.

    Of the labels of a stack that no viewer saved, the state is what their run knew.

    Raises
    ------
    FileError
        If it cannot be read, or is none of ours.
    """
    group = _open(path)
    attributes: dict[str, Any] = group.attrs.asdict()
    array = group.get(ARRAY)
    if not isinstance(array, zarr.Array) or array.dtype.kind not in "iu":
        raise FileError(f"{path} cannot be read: expected an array of labels; got {array}")
    if STORE_KEY not in attributes:
        return array, LayerState.from_plain(attributes[STATE_KEY])
    store = LabelStore.open(path)
    state = (
        LayerState.from_plain(attributes[STATE_KEY])
        if STATE_KEY in attributes
        else _describe_store(store)
    )
    return array, _add_recipe(state, store)


def open_store(path: Path) -> LabelStore | None:
    """Open the labels of a stack's run, if a folder of ours holds such.

    Raises
    ------
    FileError
        If it cannot be read, or is none of ours.
    """
    return LabelStore.open(path) if STORE_KEY in _open(path).attrs else None


def read_store_recipe(store: LabelStore) -> Recipe | None:
    """Read the recipe of the labels of a stack: that of the network which gave them.

    Returns
    -------
    Recipe or None
        `None` where the network is not trained yet.

    Raises
    ------
    FileError
        If the network cannot be read.
    """
    note = store.read_note(NETWORK)
    if note is None:
        return None
    with name_failure(f"{store.path}: its network"):
        recipe = Recipe.from_metadata(read_network_header(note)["recipe"])
    ends = [store.recipe.get(end) for end in ("first", "last")]
    planes = tuple(tuple(end) for end in ends if end is not None)
    return recipe.model_copy(update={"planes": planes if len(planes) == 2 else None})


def _add_recipe(state: LayerState, store: LabelStore) -> LayerState:
    """Add the recipe of a stack's run, with what a viewer saved as painted and refined."""
    recipe = read_store_recipe(store)
    if recipe is None:
        return state
    if METADATA_KEY in state.metadata:
        saved = Recipe.from_metadata(state.metadata)
        painted = {"corrections": saved.corrections, "refinements": saved.refinements}
        recipe = recipe.model_copy(update=painted)
    return state.model_copy(update={"metadata": {**state.metadata, **recipe.to_metadata()}})


def _describe_store(store: LabelStore) -> LayerState:
    axes = store.axes
    scale = np.array(store.description.scale or (1.0,) * len(axes.sizes))
    translate = np.zeros(len(scale))
    if axes.channel is not None:
        # The one entry for channels shows whichever channel is on view.
        translate[axes.channel] = scale[axes.channel] * (axes.sizes[axes.channel] - 1) / 2
        scale[axes.channel] *= axes.sizes[axes.channel]
    return LayerState(
        name=store.path.name.removesuffix(LAYER_ZARR_ENDING),
        scale=tuple(scale.tolist()),
        translate=tuple(translate.tolist()),
        units=store.description.units,
        axis_labels=tuple(name.lower() if len(name) == 1 else name for name in axes.names),
    )


def _open(path: Path) -> zarr.Group:
    """Open what is ours, and refuse all else."""
    with name_failure(path):
        group = zarr.open_group(path, mode="r+", zarr_format=3, use_consolidated=False)
        is_ours = STATE_KEY in group.attrs or STORE_KEY in group.attrs
    if not is_ours:
        raise FileError(f"{path} holds no label layer of napari-dynaseg")
    return group
