"""How labels in a file were made: their recipe, and the network where one was applied."""

import json
from dataclasses import dataclass
from pathlib import Path

from napari_dynaseg.errors import FileError, name_failure, name_in_errors
from napari_dynaseg.files.label_tiff import read_label_tiff
from napari_dynaseg.files.label_zarr import open_store, read_label_zarr
from napari_dynaseg.files.ome_labels import ZARR_ENDING
from napari_dynaseg.files.sinks import NETWORK
from napari_dynaseg.image.reader import TIFF_ENDINGS
from napari_dynaseg.recipes.recipe import METADATA_KEY, Recipe
from napari_dynaseg.recipes.trained_network import TrainedNetwork


@dataclass(frozen=True, eq=False)
class FoundRecipe:
    """How some labels were made.

    Parameters
    ----------
    recipe
        Of the labels.
    network
        The network, where it was not trained for them but given; the recipe is then its own.
    """

    recipe: Recipe
    network: TrainedNetwork | None = None


def read_recipe(path: Path) -> FoundRecipe:
    """Read how labels were made.

    Parameters
    ----------
    path
        A TIFF or a Zarr of labels that this package wrote, or a recipe as JSON.

    Raises
    ------
    FileError
        If it cannot be read, or holds no recipe.
    """
    tiffs = dict.fromkeys(TIFF_ENDINGS, _read_tiff)
    readers = {".json": _read_json, ZARR_ENDING: _read_zarr, **tiffs}
    if path.suffix.lower() not in readers:
        raise FileError(f"{path} holds no recipe; expected one of {', '.join(readers)}")
    if not path.exists():
        raise FileError(f"{path} does not exist")
    with name_in_errors(path):
        return readers[path.suffix.lower()](path)


def _read_json(path: Path) -> FoundRecipe:
    with name_failure(path):
        content = json.loads(path.read_bytes())
    is_wrapped = isinstance(content, dict) and METADATA_KEY in content
    return FoundRecipe(Recipe.from_metadata(content if is_wrapped else {METADATA_KEY: content}))


def _read_tiff(path: Path) -> FoundRecipe:
    return FoundRecipe(Recipe.from_metadata(read_label_tiff(path)[1].metadata))


def _read_zarr(path: Path) -> FoundRecipe:
    recipe = Recipe.from_metadata(read_label_zarr(path)[1].metadata)
    store = open_store(path)
    note = store.read_note(NETWORK) if store and store.recipe.get("network") else None
    return FoundRecipe(recipe, TrainedNetwork.from_bytes(note) if note else None)
