"""The network with its weighted loss, as one method among the others: SCF, FSF, Fixed."""

from functools import partial

from napari_dynaseg.generators import Loop
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method import run as method
from napari_dynaseg.method.run_input import RunInput
from napari_dynaseg.method.step import Step
from napari_dynaseg.method.subsampling import limit_iterations
from napari_dynaseg.peers.method import Preview, Work
from napari_dynaseg.settings import Settings


def run(plane: Plane, settings: Settings) -> Work:
    """Segment a plane; see `napari_dynaseg.peers.method.Method.begin`."""
    most, steps = limit_iterations(settings), Loop(method.run(RunInput((plane,), settings)))
    for step in steps:
        yield Preview(step.iteration, most, partial(_see, step))
    return steps.returned.labels


def _see(step: Step) -> LabelMap:
    return step.labels if step.is_quick else step.sketch
