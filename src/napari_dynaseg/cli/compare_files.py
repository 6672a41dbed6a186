"""Image files segmented by another method of the table: read, run, write."""

from collections.abc import Iterator

from napari_dynaseg.cli.batch import FilePlan, write_outputs
from napari_dynaseg.generators import Loop
from napari_dynaseg.image.pixels import Scaling
from napari_dynaseg.knobs import Knobs
from napari_dynaseg.peers import Method, Preview
from napari_dynaseg.recipes.method_record import MethodRecord


def compare_file(plan: FilePlan, method: Method, knobs: Knobs) -> Iterator[Preview]:
    """Segment one image file by a method and write its outputs, yielding each step.

    Parameters
    ----------
    plan
        The image and its outputs.
    method, knobs
        What it is segmented with.

    Yields
    ------
    Preview
        Each step; the last one has the labels that were written.

    Raises
    ------
    SegmentationError
        If the image cannot be read or segmented, or an output cannot be written.
    """
    image = plan.open()
    channels = image.read_first()
    plane = Scaling.measure([channels]).apply(channels)
    total, loop = 1, Loop(method.begin(plane, knobs))
    for preview in loop:
        total = preview.total
        yield preview
    labels = loop.returned
    record = MethodRecord.now(method, knobs, plan.describe_source(plane))
    write_outputs(plan, image, plane, labels, record)
    yield Preview(total, total, lambda: labels)
