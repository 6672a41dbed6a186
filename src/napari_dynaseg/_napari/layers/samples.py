"""Sample data of the plugin: pictures that scikit-image ships, and cells drawn by the project."""

from typing import Any

from skimage import data

from napari_dynaseg.image.synthetic import VOXEL_SIZE, draw_cells

LayerData = list[tuple[Any, dict[str, Any], str]]


def open_natural() -> LayerData:
    """Open a natural picture in colour: a cat."""
    return [(data.chelsea(), {"name": "cat", "rgb": True}, "image")]


def open_grey_microscopy() -> LayerData:
    """Open a grey microscopy image: one cell."""
    return [(data.cell(), {"name": "cell"}, "image")]


def open_histology() -> LayerData:
    """Open a stained tissue section in colour."""
    return [(data.immunohistochemistry(), {"name": "histology", "rgb": True}, "image")]


def open_cell_stack() -> LayerData:
    """Open a two-channel z-stack of drawn cells and, hidden, their true labels."""
    stack = draw_cells()
    space = {"scale": VOXEL_SIZE, "units": ("um",) * 3, "axis_labels": ("z", "y", "x")}
    channels = {
        "name": "drawn cells",
        "scale": (1.0, *VOXEL_SIZE),
        "units": ("pixel", "um", "um", "um"),
        "axis_labels": ("c", "z", "y", "x"),
    }
    return [
        (stack.image, channels, "image"),
        (stack.labels, {"name": "true cells", "visible": False, **space}, "labels"),
    ]
