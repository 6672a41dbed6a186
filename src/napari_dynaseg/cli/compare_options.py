"""The command line's ``compare``: one command for each method of the table, with its knobs."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from napari_dynaseg.cli.messages import do_plans
from napari_dynaseg.cli.options import (
    AxesLetters,
    Level,
    Output,
    Overwrite,
    Preview,
    add_knob_options,
)
from napari_dynaseg.counting import write_count
from napari_dynaseg.generators import Loop
from napari_dynaseg.knobs import Knobs
from napari_dynaseg.labels.numbering import count_labels
from napari_dynaseg.peers import METHODS, Method

if TYPE_CHECKING:
    from napari_dynaseg.cli.batch import FilePlan

compare = typer.Typer(help="Segment images by another method of the paper's table.")


def _make_command(method: Method) -> Callable[..., None]:
    def run(
        images: Annotated[list[str], typer.Argument(help="Images, or folders of images.")],
        output: Output,
        preview: Preview = None,
        overwrite: Overwrite = False,
        axes: AxesLetters = None,
        level: Level = None,
        **knobs: str | None,
    ) -> None:
        from napari_dynaseg.cli.batch import plan_outputs

        checked = method.configure(**{n: value for n, value in knobs.items() if value is not None})
        plans = plan_outputs(images, output, preview, axes=axes, level=level)
        do_plans(plans, overwrite, lambda plan: _segment_image(plan, method, checked))

    run.__doc__ = f"Segment images by {method.title} ({method.source})."
    return add_knob_options(run, method.knobs, method.knob_names)


def _segment_image(plan: "FilePlan", method: Method, knobs: Knobs) -> str:
    from napari_dynaseg.cli.batch import write_outputs
    from napari_dynaseg.method.step import Labelled
    from napari_dynaseg.recipes.method_record import MethodRecord
    from napari_dynaseg.recipes.training_planes import TrainingPlanes

    image = plan.open()
    training = TrainingPlanes.read(image, [image.axes.first])
    (plane,) = training.planes
    loop = Loop(method.begin(plane, knobs))
    with typer.progressbar(length=1, label=str(plan.image), file=sys.stderr) as bar:
        for step in loop:
            bar.length = step.total
            bar.update(step.done - bar.pos)
        bar.update((bar.length or 1) - bar.pos)
    record = MethodRecord.now(method, knobs, training.source)
    write_outputs(plan, image, plane, Labelled(loop.returned, None), record)
    return f"{write_count(count_labels(loop.returned), 'label')} by {method.title}"


for _method in METHODS.values():
    compare.command(_method.name)(_make_command(_method))
