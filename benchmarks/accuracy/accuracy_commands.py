"""The command line's ``benchmark accuracy``: parse, measure, print the paper's table."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_dynaseg.errors import SettingsError

if TYPE_CHECKING:
    from benchmarks.accuracy.data_set import DataSet

accuracy = typer.Typer(
    help="Measure every method of the paper's table on images that people have segmented."
)

Methods = Annotated[
    list[str] | None,
    typer.Option(
        "--methods",
        help="Which methods, parted by commas, with knobs as in kmeans:clusters=4:window=3 "
        "[default: every row of the paper's table].",
    ),
]
QualityOption = Annotated[str, typer.Option(help="Of the methods that train: fast or exact.")]
Limit = Annotated[int | None, typer.Option(help="At most so many images, evenly spread.", min=1)]
Seeds = Annotated[int, typer.Option(help="How many seeds each method is run with.", min=1)]
Iterations = Annotated[
    int | None,
    typer.Option(help="The longest that a method may train [default: its own].", min=1),
]
Results = Annotated[
    Path | None,
    typer.Option(help="Takes a line for each run; read first, so that it resumes."),
]
Labels = Annotated[Path | None, typer.Option(help="Write the label maps to this folder.")]
Processes = Annotated[
    int | None, typer.Option(help="Runs at once [default: the cores, at most 8].", min=1)
]
Threads = Annotated[
    int, typer.Option(help="Of each process; seconds are those of a run with so many.", min=1)
]
Against = Annotated[
    str | None,
    typer.Option(help="Compare this method with each other one, by a bootstrap over images."),
]
Json = Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")]
Root = Annotated[Path, typer.Argument(help="The data set's folder, in its public layout.")]


@accuracy.command()
def bsds500(
    root: Root,
    split: Annotated[str, typer.Option(help="Which images: train, val or test.")] = "val",
    methods: Methods = None,
    quality: QualityOption = "fast",
    limit: Limit = None,
    seeds: Seeds = 1,
    iterations: Iterations = None,
    results: Results = None,
    labels: Labels = None,
    processes: Processes = None,
    threads: Threads = 1,
    against: Against = None,
    as_json: Json = None,
) -> None:
    """Make the paper's table on BSDS500."""
    from benchmarks.accuracy import paper
    from benchmarks.accuracy.bsds500 import Bsds500

    lines = _measure(
        Bsds500(root, split),
        (methods, {"quality": quality, "iterations": iterations}),
        (limit, seeds, labels),
        (results, processes, threads),
    )
    _report(lines, paper.BSDS500, against, as_json, threads)


@accuracy.command()
def voc2012(
    root: Root,
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
    methods: Methods = None,
    quality: QualityOption = "fast",
    limit: Limit = None,
    seeds: Seeds = 1,
    iterations: Iterations = None,
    results: Results = None,
    labels: Labels = None,
    processes: Processes = None,
    threads: Threads = 1,
    against: Against = None,
    as_json: Json = None,
) -> None:
    """Make the paper's last column on VOC2012."""
    from benchmarks.accuracy import paper
    from benchmarks.accuracy.voc2012 import Voc2012

    lines = _measure(
        Voc2012(root, names, whole_classes),
        (methods, {"quality": quality, "iterations": iterations}),
        (limit, seeds, labels),
        (results, processes, threads),
    )
    _report(lines, paper.VOC2012, against, as_json, threads)


@accuracy.command()
def microscopy(
    root: Annotated[
        Path, typer.Argument(help="A folder of the sets, such as dsb2018/ and isbi2012_em/.")
    ],
    methods: Methods = None,
    quality: QualityOption = "fast",
    limit: Limit = None,
    seeds: Seeds = 1,
    iterations: Iterations = None,
    results: Results = None,
    labels: Labels = None,
    processes: Processes = None,
    threads: Threads = 1,
    as_json: Json = None,
) -> None:
    """Measure foreground and objects on microscopy, against Otsu's threshold with watershed."""
    from benchmarks.accuracy import microscopy_table
    from benchmarks.accuracy.microscopy import Microscopy

    lines = _measure(
        Microscopy(root),
        (methods, {"quality": quality, "iterations": iterations}),
        (limit, seeds, labels),
        (results, processes, threads),
    )
    summary = microscopy_table.summarise(lines)
    typer.echo(microscopy_table.write_table(summary))
    write_figures(as_json, "microscopy", {"methods": summary}, threads)


def _measure(
    data_set: "DataSet",
    wanted: tuple[list[str] | None, dict[str, Any]],
    extent: tuple[int | None, int, Path | None],
    work: tuple[Path | None, int | None, int],
) -> list[dict[str, Any]]:
    from benchmarks.accuracy.bsds500 import spread_evenly
    from benchmarks.accuracy.method_choice import CELL_ROWS, PAPER_ROWS, parse_choices
    from benchmarks.accuracy.runs import measure, plan_runs
    from benchmarks.result_lines import ResultLines

    (texts, knobs), (limit, seeds, labels), (results, processes, threads) = wanted, extent, work
    usual = CELL_ROWS if data_set.name == "microscopy" else PAPER_ROWS
    choices = parse_choices(texts or usual, **knobs)
    runs = plan_runs(spread_evenly(data_set.list_names(), limit), choices, seeds, labels)
    processes = processes or min(8, os.cpu_count() or 1)
    lines = measure(data_set, runs, ResultLines(results), processes, threads)
    with typer.progressbar(lines, length=len(runs), label="runs", file=sys.stderr) as bar:
        return _order(list(bar), [choice.text for choice in choices])


def _order(lines: list[dict[str, Any]], methods: list[str]) -> list[dict[str, Any]]:
    """Order lines as they were planned: they come as they are done."""

    def place(line: dict[str, Any]) -> tuple[int, str, int]:
        return methods.index(line["method"]), line["key"]["image"], line["seed"]

    return sorted(lines, key=place)


def _report(
    lines: Sequence[dict[str, Any]],
    paper: Any,
    against: str | None,
    as_json: Path | None,
    threads: int,
) -> None:
    from benchmarks.accuracy import table
    from benchmarks.accuracy.summary import compare_with, summarise

    summary = summarise(lines)
    typer.echo(table.write_table(summary, paper))
    figures: dict[str, Any] = {"methods": summary}
    if against is not None:
        if against not in summary:
            measured = ", ".join(summary)
            raise SettingsError(f"--against takes a method measured, {measured}; got {against!r}")
        figures["against"] = {against: compare_with(lines, against)}
        typer.echo("\n" + table.write_comparison(against, figures["against"][against]))
    write_figures(as_json, lines[0]["key"]["set"], figures, threads)


def write_figures(path: Path | None, data_set: str, figures: dict[str, Any], threads: int) -> None:
    """Write figures as JSON, with the data set and the machine that they are of."""
    from napari_dynaseg.cli.about import describe_installation

    if path:
        machine = {**describe_installation(), "threads of a run": str(threads)}
        content = {"set": data_set, "machine": machine, **figures}
        path.write_text(json.dumps(content, indent=2) + "\n")
