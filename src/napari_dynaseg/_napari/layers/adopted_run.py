"""Labels from a file with their tree, as if a run of this session had made them. No Qt."""

import numpy as np
from napari.layers import Labels

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg._napari.layers.kept_run import KeptRun
from napari_dynaseg.image.axes import Axes, read_axes
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.recipes.kept_tree import TREE_KEY, read_tree
from napari_dynaseg.recipes.painted_recipe import MAP_KEY
from napari_dynaseg.recipes.recipe import METADATA_KEY, Recipe


def has_tree(layer: Labels) -> bool:
    """Tell whether a tree and a recipe are kept beside the labels of a layer."""
    metadata = layer.metadata
    return not layer.multiscale and all(metadata.get(key) for key in (TREE_KEY, METADATA_KEY))


def adopt(layer: Labels) -> KeptRun:
    """Make a run of what is kept beside the labels of a layer; it has no image, and no network.

    Raises
    ------
    FileError
        If the tree or the recipe cannot be read.
    """
    recipe = Recipe.from_metadata(layer.metadata)
    tree = read_tree(layer.metadata, int(np.prod(layer.data.shape)))
    assert tree is not None
    made = tree.cut(recipe.detail)
    axes = _read_axes(layer)
    job = Job(
        stack=StackImage((), axes, layer.name),
        position=axes.place([0] * len(axes.stack)),
        placement={},
        stack_placement={},
        within=tree.within,
        scribbled=recipe.decode_annotation("scribbles", made.shape),
    )
    settings = recipe.read_settings().change(detail=recipe.detail)
    run = KeptRun(job, False, settings, tree=tree)
    run.maps.remember(job.position, job.lay_strokes(made))
    return run


def _read_axes(layer: Labels) -> Axes:
    """Read which two axes have the plane; the others have one entry."""
    shape = layer.data.shape
    long = [axis for axis, size in enumerate(shape) if size > 1]
    plane = long if len(long) == 2 else [len(shape) - 2, len(shape) - 1]
    if layer.metadata.get(MAP_KEY, {}).get("is_turned"):
        plane = plane[::-1]
    return read_axes(shape, layer.axis_labels, plane, channel=None)
