"""The command line's ``compare``: one command for each method of the table, with its knobs."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_dynaseg.cli.messages import do_plans
from napari_dynaseg.cli.options import add_knob_options
from napari_dynaseg.counting import write_count
from napari_dynaseg.knobs import Knobs
from napari_dynaseg.labels.numbering import count_labels
from napari_dynaseg.peers import METHODS, Method

if TYPE_CHECKING:
    from napari_dynaseg.cli.batch import FilePlan

compare = typer.Typer(help="Segment images by another method of the paper's table.")


def _make_command(method: Method) -> Callable[..., None]:
    def run(
        images: Annotated[list[str], typer.Argument(help="Images, or folders of images.")],
        output: Annotated[
            Path,
            typer.Option(
                "-o", "--output", help="A .tif for one image, else a folder for the labels."
            ),
        ],
        preview: Annotated[
            Path | None,
            typer.Option(help="Also draw a picture: a .png for one image, else a folder."),
        ] = None,
        overwrite: Annotated[
            bool, typer.Option(help="Replace outputs that are there already.")
        ] = False,
        axes: Annotated[
            str | None,
            typer.Option(help="One letter an axis, such as CYX; by default as the file says."),
        ] = None,
        level: Annotated[
            int | None, typer.Option(help="Which level of a pyramid [default: 0, the finest].")
        ] = None,
        **knobs: str | None,
    ) -> None:
        from napari_dynaseg.cli.batch import plan_outputs

        checked = method.configure(**{n: value for n, value in knobs.items() if value is not None})
        plans = plan_outputs(images, output, preview, axes=axes, level=level)
        do_plans(plans, overwrite, lambda plan: _show_progress(plan, method, checked))

    run.__doc__ = f"Segment images by {method.title} ({method.source})."
    return add_knob_options(run, method.knobs, method.knob_names)


def _show_progress(plan: "FilePlan", method: Method, knobs: Knobs) -> str:
    from napari_dynaseg.cli.compare_files import compare_file

    with typer.progressbar(length=1, label=str(plan.image), file=sys.stderr) as bar:
        for step in compare_file(plan, method, knobs):
            bar.length = step.total
            bar.update(step.done - bar.pos)
    count = 0 if step.labels is None else count_labels(step.labels)
    return f"{write_count(count, 'label')} by {method.title}"


for _method in METHODS.values():
    compare.command(_method.name)(_make_command(_method))
