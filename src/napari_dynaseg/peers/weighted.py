"""The network with its weighted loss, as one method among the others: SCF, FSF, Fixed."""

from functools import partial

from napari_dynaseg.generators import Loop
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.run import run as begin
from napari_dynaseg.method.run_input import RunInput
from napari_dynaseg.method.step import Step
from napari_dynaseg.method.subsampling import limit_iterations
from napari_dynaseg.peers.method import Outcome, Preview, Work
from napari_dynaseg.settings import Settings


def run(plane: Plane, settings: Settings) -> Work:
    """Segment a plane; see `napari_dynaseg.peers.method.Method.begin`."""
    most = limit_iterations(settings)
    training = Loop(begin(RunInput((plane,), settings)))
    for step in training:
        yield Preview(step.iteration, most, partial(_see, step))
    result = training.returned
    return Outcome(result.labels, result.cut if result.tree else None)


def _see(step: Step) -> LabelMap:
    return step.labels if step.is_quick else step.sketch
