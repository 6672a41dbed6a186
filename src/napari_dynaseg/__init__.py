"""Unsupervised segmentation of images and stacks, with a dynamically weighted loss, for napari.

The public names load on first use, so that a bare import loads neither torch nor Qt.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_dynaseg.errors import SegmentationError as SegmentationError
    from napari_dynaseg.files.cut_file import cut_labels as cut_labels
    from napari_dynaseg.generators import run_through as run_through
    from napari_dynaseg.image.pixels import to_plane as to_plane
    from napari_dynaseg.method.run import iter_fit as iter_fit
    from napari_dynaseg.method.run import run as run
    from napari_dynaseg.method.run import segment as segment
    from napari_dynaseg.method.run_input import RunInput as RunInput
    from napari_dynaseg.method.step import Step as Step
    from napari_dynaseg.recipes.recipe import Recipe as Recipe
    from napari_dynaseg.recipes.replay import replay as replay
    from napari_dynaseg.recipes.trained_network import TrainedNetwork as TrainedNetwork
    from napari_dynaseg.settings import Settings as Settings
    from napari_dynaseg.stacks.lazy import segment_stack as segment_stack

_HOMES = {
    "SegmentationError": "errors",
    "Step": "method.step",
    "RunInput": "method.run_input",
    "cut_labels": "files.cut_file",
    "iter_fit": "method.run",
    "run": "method.run",
    "run_through": "generators",
    "segment": "method.run",
    "segment_stack": "stacks.lazy",
    "to_plane": "image.pixels",
    "Recipe": "recipes.recipe",
    "replay": "recipes.replay",
    "Settings": "settings",
    "TrainedNetwork": "recipes.trained_network",
}

__all__ = [
    "Recipe",
    "RunInput",
    "SegmentationError",
    "Settings",
    "Step",
    "TrainedNetwork",
    "__version__",
    "cut_labels",
    "iter_fit",
    "replay",
    "run",
    "run_through",
    "segment",
    "segment_stack",
    "to_plane",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("napari-dynaseg")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"napari_dynaseg.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
