"""The command line of the benchmarks: parse, measure, print."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from benchmarks.accuracy.accuracy_commands import accuracy
from benchmarks.arguments import Bsds, Device, Json, SchemeName, Split, write_json
from napari_dynaseg.errors import FileError, SettingsError
from napari_dynaseg.settings import Settings

benchmark = typer.Typer(
    help="Measure this program on this machine.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
benchmark.add_typer(accuracy, name="accuracy")


@benchmark.command()
def responsiveness(
    size: Annotated[int, typer.Option(help="Side of the square plane, in pixels.", min=32)] = 128,
    iterations: Annotated[int, typer.Option(help="Iterations of each run.", min=10)] = 60,
    quality: Annotated[str, typer.Option(help="Quality of the runs: exact or fast.")] = "exact",
    as_json: Json = None,
) -> None:
    """Measure how alive the viewer stays while a network trains in it."""
    from benchmarks.responsiveness import measure_in_viewer

    checked = Settings(quality=quality).quality
    figures = measure_in_viewer(size, iterations, checked)
    for name, value in figures.items():
        typer.echo(f"{name:<40}{value:>10.3f}")
    write_json(as_json, figures)


@benchmark.command()
def slider(
    sides: Annotated[
        list[int] | None, typer.Argument(help="Sides of the square planes [default: 512 2048].")
    ] = None,
    result: Annotated[str, typer.Option(help="What is cut: clusters or regions.")] = "regions",
    moves: Annotated[int, typer.Option(help="How often the mouse moves.", min=10)] = 100,
    as_json: Json = None,
) -> None:
    """Measure how soon the slider of the detail shows, from the mouse's move to new pixels."""
    from benchmarks.slider import measure_slider

    checked, rows = Settings(result=result).result, []
    for side in sides or (512, 2048):
        figures = measure_slider(side, checked, moves)
        typer.echo(f"{side}²")
        for name, value in figures.items():
            typer.echo(f"  {name:<40}{value:>8.0f}")
        rows.append({"side": side, **figures})
    write_json(as_json, {"rows": rows})


@benchmark.command()
def speed(
    image: Annotated[
        Path | None, typer.Argument(help="An image; by default a drawn one of 481×321 pixels.")
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="Draw a square image of this side instead.", min=16)
    ] = None,
    scheme: SchemeName = "scf",
    device: Device = "auto",
    as_json: Json = None,
) -> None:
    """Measure steps and runs against the published loop, interleaved in one process."""
    from benchmarks.speed import measure_speed, write_report
    from napari_dynaseg.image.pixels import to_plane
    from napari_dynaseg.image.reader import read_plane
    from napari_dynaseg.image.synthetic import draw_image

    if image is not None and size is not None:
        raise SettingsError("speed measures an image or a drawn one; got both an image and a size")
    if image is not None:
        plane = to_plane(read_plane(image), channel_axis=0)
    else:
        plane = to_plane(draw_image(size or 321, size or 481, 3))
    figures = measure_speed(plane, Settings(scheme=scheme, device=device))
    typer.echo(write_report(figures))
    write_json(as_json, figures)


@benchmark.command()
def cost(
    sides: Annotated[
        list[int] | None, typer.Argument(help="Sides of the square images [default: 256 … 4096].")
    ] = None,
    channels: Annotated[int, typer.Option(help="Channels of the images.", min=1)] = 3,
    device: Device = "auto",
    as_json: Json = None,
) -> None:
    """Measure seconds and peak memory of Fast as images grow."""
    from benchmarks.peak_memory import measure_peak

    rows = []
    typer.echo(f"{'side':>8}{'seconds':>10}{'image to labels, GB':>21}{'whole process, GB':>19}")
    for side in sides or (256, 512, 1024, 2048, 4096):
        row = {"side": side, **measure_peak((side, side, channels), quality="fast", device=device)}
        grown, whole = row["bytes"] / 1e9, row["process_bytes"] / 1e9
        typer.echo(f"{side:>8}{row['seconds']:>10.1f}{grown:>21.2f}{whole:>19.2f}")
        rows.append(row)
    write_json(as_json, {"rows": rows})


@benchmark.command()
def tree(
    sides: Annotated[
        list[int] | None, typer.Argument(help="Sides of the square images [default: 256 … 4096].")
    ] = None,
    channels: Annotated[int, typer.Option(help="Channels of the images.", min=1)] = 3,
    as_json: Json = None,
) -> None:
    """Measure how long the tree of a plane takes to build and to cut, as images grow."""
    from benchmarks.tree_speed import measure_tree

    rows = []
    typer.echo(
        f"{'side':>8}{'superpixels':>13}{'seconds':>10}{'a megapixel':>13}{'cut, ms':>10}{'GB':>8}"
    )
    for side in sides or (256, 512, 1024, 2048, 4096):
        row = {"side": side, **measure_tree(side, channels)}
        built = f"{row['seconds']:>10.2f}{row['megapixel']:>13.2f}{row['cut'] * 1e3:>10.1f}"
        typer.echo(f"{side:>8}{row['superpixels']:>13}{built}{row['bytes'] / 1e9:>8.2f}")
        rows.append(row)
    write_json(as_json, {"rows": rows})


@benchmark.command()
def quality(
    root: Bsds,
    results: Annotated[
        Path, typer.Option(help="Takes a line for each run; read first, so that it resumes.")
    ],
    split: Split = "val",
    limit: Annotated[int | None, typer.Option(help="At most so many images.", min=2)] = None,
    iterations: Annotated[int, typer.Option(help="Iterations of Exact.", min=1)] = 50,
    seeds: Annotated[int, typer.Option(help="Seeds of Fast; Exact has one.", min=1)] = 3,
    as_json: Json = None,
) -> None:
    """Compare Fast with Exact by the papers' accuracy protocol."""
    from benchmarks import quality as comparison
    from benchmarks.accuracy.bsds500 import Bsds500, spread_evenly
    from benchmarks.accuracy.runs import measure
    from benchmarks.result_lines import ResultLines
    from napari_dynaseg.engine.backend import torch

    data_set = Bsds500(root, split)
    images = spread_evenly(data_set.list_names(), limit)
    runs = comparison.plan_comparison(images, iterations, seeds)
    lines = measure(data_set, runs, ResultLines(results), threads=torch.get_num_threads())
    with typer.progressbar(lines, length=len(runs), label="runs", file=sys.stderr) as bar:
        figures = comparison.summarise_schemes(list(bar))
    typer.echo(comparison.write_comparison(figures))
    write_json(as_json, figures)


@benchmark.command()
def consistency(
    image: Annotated[str, typer.Argument(help="A stack: a file, an OME-Zarr, or its address.")],
    truth: Annotated[
        str | None, typer.Option(help="Planes as the stack has them; above 0 is foreground.")
    ] = None,
    axes: Annotated[
        str | None, typer.Option(help="One letter an axis of the stack, such as TYX.")
    ] = None,
    truth_axes: Annotated[str | None, typer.Option(help="The same of the truth.")] = None,
    scheme: SchemeName = "scf",
    training_planes: Annotated[
        int, typer.Option(help="How many planes each network of a stack is trained on.")
    ] = 1,
    seeds: Annotated[int, typer.Option(help="How many seeds each strategy has.", min=1)] = 3,
    as_json: Json = None,
) -> None:
    """Segment a stack by every strategy, and measure whether a label means the same all through."""
    from benchmarks import consistency as comparison
    from napari_dynaseg.image.reader import open_image

    settings = Settings(scheme=scheme, training_planes=training_planes)
    stack = open_image(image, axes)
    foreground = None
    if truth:
        foreground = comparison.read_foreground(stack.axes, open_image(truth, truth_axes))
    runs = comparison.compare_strategies(stack, foreground, settings, seeds)
    length = seeds * len(comparison.TITLES)
    with typer.progressbar(runs, length=length, label="strategies", file=sys.stderr) as bar:
        scores = list(bar)
    typer.echo(comparison.write_comparison(scores))
    figures: dict[str, Any] = {"rows": [each._asdict() for each in scores]}
    if foreground:
        figures["truth_overlap"] = comparison.measure_truth(stack.axes, foreground)
        typer.echo(f"\noverlap of the truth with itself: {figures['truth_overlap']:.3f}")
    write_json(as_json, figures)


@benchmark.command("stack")
def throughput(
    planes: Annotated[int, typer.Option(help="Planes of the drawn stack.", min=2)] = 200,
    size: Annotated[int, typer.Option(help="Side of its planes, in pixels.", min=16)] = 1024,
    workers: Annotated[
        int | None, typer.Option(help="Label it once more on so many processes.", min=1)
    ] = None,
    as_json: Json = None,
) -> None:
    """Measure planes a second, and whether memory grows with the planes."""
    from benchmarks.throughput import measure_stack, write_report

    figures = measure_stack(planes, size, workers)
    typer.echo(write_report(figures))
    write_json(as_json, figures)


@benchmark.command()
def scribbles(
    folder: Annotated[
        Path, typer.Argument(help="Images with *_scribble.png and *_gt_class.png beside them.")
    ],
    scheme: SchemeName = "scf",
    as_json: Json = None,
) -> None:
    """Measure runs without scribbles, with them, and after one stroke of correction."""
    from benchmarks.scribble_scores import measure_scribbles

    _print_rows(measure_scribbles(folder, Settings(scheme=scheme)), as_json)


@benchmark.command()
def refining(
    root: Bsds,
    split: Split = "val",
    limit: Annotated[int | None, typer.Option(help="At most so many images.", min=1)] = 20,
    scheme: SchemeName = "scf",
    as_json: Json = None,
) -> None:
    """Measure what two strokes on the worst segment of an image and Refine do."""
    from benchmarks.accuracy.bsds500 import list_images
    from benchmarks.scribble_scores import measure_refining

    images = list_images(root, split, limit)
    _print_rows(measure_refining(images, Settings(scheme=scheme)), as_json)


def _print_rows(measured: Iterable[NamedTuple], as_json: Path | None) -> None:
    """Print figures of each image as they come, and their means at the end."""
    rows: list[dict[str, Any]] = []
    for each in measured:
        rows.append(each._asdict())
        image, *figures = rows[-1]
        if len(rows) == 1:
            typer.echo(f"{image:<16}" + "".join(f"{figure:>11}" for figure in figures))
        values = "".join(f"{rows[-1][figure]:>11.3f}" for figure in figures)
        typer.echo(f"{rows[-1][image]:<16}{values}")
    if not rows:
        raise FileError("none of the images has a segment of 2 to 30 % of its size")
    means = {figure: sum(row[figure] for row in rows) / len(rows) for figure in figures}
    typer.echo("mean: " + ", ".join(f"{name} {value:.3f}" for name, value in means.items()))
    write_json(as_json, {"rows": rows, "mean": means})
