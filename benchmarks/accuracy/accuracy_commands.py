"""The command line's ``accuracy``: parse, measure, print the paper's table."""

import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.arguments import Bsds, Json, Split, write_json
from napari_dynaseg.cli.options import add_options
from napari_dynaseg.errors import SettingsError

if TYPE_CHECKING:
    from benchmarks.accuracy.data_set import DataSet
    from benchmarks.result_lines import Line

accuracy = typer.Typer(
    help="Measure every method of the paper's table on images that people have segmented."
)

Against = Annotated[
    str | None,
    typer.Option(help="Compare this method with each other one, by a bootstrap over images."),
]
ManyToOne = Annotated[
    bool,
    typer.Option(
        "--many-to-one",
        help="Also the mean overlap where each label goes to the true segment that it fits best.",
    ),
]


@dataclass(frozen=True)
class RunOptions:
    """The options of every measurement: each field is one."""

    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--methods",
            help="Which methods, parted by commas, with knobs as in kmeans:clusters=4:window=3 "
            "[default: every row of the paper's table, and what this program gives].",
        ),
    ] = None
    quality: Annotated[str, typer.Option(help="Of the methods that train: fast or exact.")] = "fast"
    limit: Annotated[
        int | None, typer.Option(help="At most so many images, evenly spread.", min=1)
    ] = None
    seeds: Annotated[int, typer.Option(help="How many seeds each method is run with.", min=1)] = 1
    iterations: Annotated[
        int | None,
        typer.Option(help="The longest that a method may train [default: its own].", min=1),
    ] = None
    results: Annotated[
        Path | None,
        typer.Option(help="Takes a line for each run; read first, so that it resumes."),
    ] = None
    labels: Annotated[Path | None, typer.Option(help="Write the label maps to this folder.")] = None
    processes: Annotated[
        int | None, typer.Option(help="Runs at once [default: the cores, at most 8].", min=1)
    ] = None
    threads: Annotated[
        int, typer.Option(help="Of each process; seconds are those of a run with so many.", min=1)
    ] = 1
    as_json: Json = None


def with_run_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `RunOptions`, in place of its ``**options``."""
    return add_options(command, inspect.signature(RunOptions).parameters.values())


@accuracy.command()
@with_run_options
def bsds500(
    root: Bsds,
    split: Split = "val",
    against: Against = None,
    many_to_one: ManyToOne = False,
    **options: Any,
) -> None:
    """Make the paper's table on BSDS500."""
    from benchmarks.accuracy import paper
    from benchmarks.accuracy.bsds500 import Bsds500

    data_set = Bsds500(root, split)
    _make_table(data_set, paper.BSDS500, against, RunOptions(**options), many_to_one)


@accuracy.command()
@with_run_options
def voc2012(
    root: Annotated[Path, typer.Argument(help="VOC2012: JPEGImages/, SegmentationClass/.")],
    names: Annotated[
        Path | None,
        typer.Option(
            "--list", help="A file with an image's name on each line [default: all with masks]."
        ),
    ] = None,
    whole_classes: Annotated[
        bool,
        typer.Option(
            "--whole-classes", help="Each class is one segment, not each object or component."
        ),
    ] = False,
    against: Against = None,
    many_to_one: ManyToOne = False,
    **options: Any,
) -> None:
    """Make the paper's last column on VOC2012."""
    from benchmarks.accuracy import paper
    from benchmarks.accuracy.voc2012 import Voc2012

    data_set = Voc2012(root, names, whole_classes)
    _make_table(data_set, paper.VOC2012, against, RunOptions(**options), many_to_one)


@accuracy.command()
@with_run_options
def microscopy(
    root: Annotated[
        Path, typer.Argument(help="A folder of the sets, such as dsb2018/ and isbi2012_em/.")
    ],
    **options: Any,
) -> None:
    """Measure foreground and objects on microscopy, against Otsu's threshold with watershed."""
    from benchmarks.accuracy import microscopy_table
    from benchmarks.accuracy.method_choice import CELL_ROWS
    from benchmarks.accuracy.microscopy import Microscopy

    data_set, chosen = Microscopy(root), RunOptions(**options)
    summary = microscopy_table.summarise(_measure(data_set, CELL_ROWS, chosen))
    typer.echo(microscopy_table.write_table(summary))
    _write_figures(chosen, data_set, {"methods": summary})


def _make_table(
    data_set: "DataSet",
    paper: Mapping[str, dict[str, float]],
    against: str | None,
    options: RunOptions,
    many_to_one: bool,
) -> None:
    from benchmarks.accuracy import table
    from benchmarks.accuracy.method_choice import OUR_ROWS, PAPER_ROWS
    from benchmarks.accuracy.summary import compare_with, summarise

    lines = _measure(data_set, PAPER_ROWS + OUR_ROWS, options)
    summary = summarise(lines)
    typer.echo(table.write_figures(summary, paper, many_to_one=many_to_one))
    figures: dict[str, Any] = {"methods": summary}
    if against is not None:
        if against not in summary:
            measured = ", ".join(summary)
            raise SettingsError(f"--against takes a method measured, {measured}; got {against!r}")
        figures["against"] = {against: compare_with(lines, against)}
        typer.echo("\n" + table.write_comparison(against, figures["against"][against]))
    _write_figures(options, data_set, figures)


def _measure(data_set: "DataSet", usual: Sequence[str], options: RunOptions) -> "list[Line]":
    from benchmarks.accuracy.bsds500 import spread_evenly
    from benchmarks.accuracy.method_choice import parse_choices
    from benchmarks.accuracy.runs import measure, plan_runs
    from benchmarks.result_lines import ResultLines

    knobs = {"quality": options.quality, "iterations": options.iterations}
    choices = parse_choices(options.methods or usual, **knobs)
    images = spread_evenly(data_set.list_names(), options.limit)
    runs = plan_runs(images, choices, options.seeds, options.labels)
    processes = options.processes or min(8, os.cpu_count() or 1)
    lines = measure(data_set, runs, ResultLines(options.results), processes, options.threads)
    methods = [choice.text for choice in choices]

    def find_place(line: "Line") -> tuple[int, str, int]:
        return methods.index(line["method"]), line["key"]["image"], line["seed"]

    with typer.progressbar(lines, length=len(runs), label="runs", file=sys.stderr) as bar:
        # They come as they are done.
        return sorted(bar, key=find_place)


def _write_figures(options: RunOptions, data_set: "DataSet", figures: dict[str, Any]) -> None:
    """Write figures as JSON, with the data set and the machine that they are of."""
    from napari_dynaseg.cli.about import describe_installation

    machine = {**describe_installation(), "threads of a run": str(options.threads)}
    write_json(options.as_json, {"set": data_set.name, "machine": machine, **figures})
