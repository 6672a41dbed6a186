"""The recipe of labels that were painted on: what differs from the map that the recipe makes.

That map is kept beside the recipe in a layer's metadata, so that whoever saves the layer, now or
after it was opened again, can tell what was painted.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_dynaseg.labels import run_length
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.recipes.kept_tree import TREE_KEY
from napari_dynaseg.recipes.recipe import METADATA_KEY, Recipe

MAP_KEY = "dynaseg_network_map"


def keep_map(labels: LabelMap, is_turned: bool) -> dict[str, Any]:
    """Give the map of a recipe as an entry of metadata, in few bytes.

    Parameters
    ----------
    labels
        (H, W), what the recipe makes.
    is_turned
        Whether the layer has its columns before its rows.
    """
    runs = [each.model_dump(mode="json") for each in run_length.encode(labels)]
    return {MAP_KEY: {"shape": list(labels.shape), "is_turned": is_turned, "runs": runs}}


def read_map(metadata: Mapping[str, Any]) -> LabelMap | None:
    """Read the map of a recipe back from a layer's metadata, (H, W); `None` if there is none."""
    kept = metadata.get(MAP_KEY)
    if kept is None:
        return None
    runs = [run_length.Runs.model_validate(each) for each in kept["runs"]]
    return run_length.decode(runs, kept["shape"])


def take_plane(pixels: npt.NDArray[Any], shape: tuple[int, ...], is_turned: bool) -> LabelMap:
    """Give the labels of a layer of one plane as that plane: int32, of a shape (H, W)."""
    plane = np.asarray(pixels).reshape(shape[::-1] if is_turned else shape)
    return (plane.T if is_turned else plane).astype(np.int32)


def add_corrections(metadata: Mapping[str, Any], pixels: npt.NDArray[Any]) -> dict[str, Any]:
    """Write what was painted into the recipe of a layer's metadata.

    Parameters
    ----------
    metadata
        Of the layer; without a recipe or its map nothing is changed.
    pixels
        The layer's labels; one plane. Those of another size are none that the recipe makes, and
        it is left out.
    """
    made = read_map(metadata)
    if made is None or METADATA_KEY not in metadata:
        return dict(metadata)
    recipe, kept = Recipe.from_metadata(metadata), metadata[MAP_KEY]
    shape = tuple(kept["shape"])
    if pixels.size != np.prod(shape):
        lost = METADATA_KEY, MAP_KEY, TREE_KEY
        return {key: metadata[key] for key in metadata if key not in lost}
    painted = take_plane(pixels, shape, kept["is_turned"])
    described = run_length.describe(made, painted, recipe.source.position)
    recipe = recipe.model_copy(update={"corrections": described})
    return {**metadata, **recipe.to_metadata()}
