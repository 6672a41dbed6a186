"""Labels of a plane cut anew from the tree that is kept beside their recipe."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from napari_dynaseg.errors import FileError
from napari_dynaseg.labels.numbering import LabelMap, Mask
from napari_dynaseg.labels.run_length import describe, read_painted
from napari_dynaseg.method.label_tree import LabelTree
from napari_dynaseg.recipes.kept_tree import keep_tree, read_tree
from napari_dynaseg.recipes.painted_recipe import MAP_KEY, keep_map, take_plane
from napari_dynaseg.recipes.recipe import METADATA_KEY, Recipe


def cut_again(
    pixels: Any,
    metadata: Mapping[str, Any],
    detail: float | str,
    result: str | None = None,
) -> tuple[LabelMap, dict[str, Any]]:
    """Cut labels at another detail, without training.

    Pixels that are not as the tree gives them were painted, refined or edited elsewhere: they
    stay as they are.

    Parameters
    ----------
    pixels
        The labels of one plane, as a layer has them; in memory or on disk.
    metadata
        Of the layer or the file, with the recipe and the tree.
    detail
        0…100, larger for more, finer regions.
    result
        ``"clusters"`` or ``"regions"``; by default what the labels are.

    Returns
    -------
    tuple
        int32, of the shape of the pixels, and the metadata that belong to them. A replay of
        their recipe gives the same; what was refined is among its corrections.

    Raises
    ------
    FileError
        If there is no tree, or it cannot be read.
    SettingsError
        If there is no such detail or result.
    """
    before = read_tree(metadata, pixels.size)
    if before is None:
        raise FileError(_explain_missing(metadata))
    recipe = Recipe.from_metadata(metadata)
    # Clusters as published cannot be cut; of regions it makes no difference.
    asked = {} if result is None else {"result": result, "clean": True}
    knobs = recipe.read_settings().change(detail=detail, **asked)
    asked = {name: getattr(knobs, name) for name in asked}
    after = replace(before, result=knobs.result)
    made, new = _cut(before, recipe, recipe.detail), _cut(after, recipe, knobs.detail)
    is_turned = bool(metadata.get(MAP_KEY, {}).get("is_turned"))
    shown = take_plane(pixels, made.shape, is_turned)
    painted = _find_painted(shown, made, recipe)
    labels = np.where(painted, shown, new)
    described = {
        "corrections": describe(new, labels, recipe.source.position, painted),
        **({"refinements": ()} if painted.any() else {}),
    }
    cut = recipe.cut_at(knobs.detail, **asked).model_copy(update=described)
    kept = keep_map(new, is_turned) if MAP_KEY in metadata else {}
    written = {**metadata, **cut.to_metadata(), **kept, **keep_tree(after)}
    turned = labels.T if is_turned else labels
    return turned.reshape(pixels.shape), written


def _cut(tree: LabelTree, recipe: Recipe, detail: float) -> LabelMap:
    """Cut a tree and lay what was scribbled over it, as the run did."""
    labels = tree.cut(detail)
    drawn = None if tree.seeds is None else recipe.decode_annotation("scribbles", labels.shape)
    if drawn is None:
        return labels
    drawn = tree.within.keep(drawn) if tree.within else drawn
    return np.where(drawn > 0, drawn, labels)


def _find_painted(shown: LabelMap, made: LabelMap, recipe: Recipe) -> Mask:
    """Find what was painted, also where by chance it is what the tree gives."""
    described = read_painted(made.shape, recipe.corrections, recipe.source.position)
    painted: Mask = described | (shown != made)
    return painted


def _explain_missing(metadata: Mapping[str, Any]) -> str:
    """Say why there is no tree, and what to do."""
    if METADATA_KEY not in metadata:
        return "these labels have no tree to cut: no run of ours made them"
    recipe = Recipe.from_metadata(metadata)
    if recipe.planes is not None:
        return (
            "labels of a stack keep no trees, which are made of each plane again; "
            "segment the stack again with another detail"
        )
    if not recipe.read_settings().needs_tree:
        return (
            "clusters as published have no tree to cut; segment the image again with clean=true, "
            "or with result=regions"
        )
    return "no tree is kept beside these labels; replay them on their image, and cut what comes"
