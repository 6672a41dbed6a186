"""The command line's ``benchmark``: parse, measure, print."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.settings import Settings

benchmark = typer.Typer(help="Measure this program on this machine.")


@benchmark.command()
def responsiveness(
    size: Annotated[int, typer.Option(help="Side of the square plane, in pixels.", min=32)] = 128,
    iterations: Annotated[int, typer.Option(help="Iterations of each run.", min=10)] = 60,
    quality: Annotated[str, typer.Option(help="Quality of the runs: exact or fast.")] = "exact",
    as_json: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures to this file.")
    ] = None,
) -> None:
    """Measure how alive the viewer stays while a network trains in it."""
    from napari_dynaseg._napari.responsiveness import measure_in_viewer

    checked = Settings(quality=quality).quality
    figures = measure_in_viewer(size, iterations, checked)
    for name, value in figures.items():
        typer.echo(f"{name:<40}{value:>10.3f}")
    _write_json(as_json, figures)


@benchmark.command()
def speed(
    image: Annotated[
        Path | None, typer.Argument(help="An image; by default a drawn one of 481×321 pixels.")
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="Draw a square image of this side instead.", min=16)
    ] = None,
    scheme: Annotated[str, typer.Option(help="The weighting scheme of the runs.")] = "scf",
    as_json: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures to this file.")
    ] = None,
) -> None:
    """Measure steps and runs against the published loop, interleaved in one process."""
    from napari_dynaseg.benchmark.speed import measure_speed, write_report
    from napari_dynaseg.files import read_image
    from napari_dynaseg.pixels import to_plane
    from napari_dynaseg.synthetic import draw_image

    if image is not None and size is not None:
        raise SettingsError("speed measures an image or a drawn one; got both an image and a size")
    if image is not None:
        read = read_image(image)
        plane = to_plane(read.pixels, read.channel_axis)
    else:
        plane = to_plane(draw_image(size or 321, size or 481, 3))
    figures = measure_speed(plane, Settings(scheme=scheme))
    typer.echo(write_report(figures))
    _write_json(as_json, figures)


@benchmark.command()
def cost(
    sides: Annotated[
        list[int] | None, typer.Argument(help="Sides of the square images [default: 256 … 4096].")
    ] = None,
    channels: Annotated[int, typer.Option(help="Channels of the images.", min=1)] = 3,
    as_json: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures to this file.")
    ] = None,
) -> None:
    """Measure seconds and peak memory of Fast as images grow."""
    from napari_dynaseg.benchmark.memory import measure_peak

    rows = []
    typer.echo(f"{'side':>8}{'seconds':>10}{'image to labels, GB':>21}{'whole process, GB':>19}")
    for side in sides or (256, 512, 1024, 2048, 4096):
        row = {"side": side, **measure_peak((side, side, channels), quality="fast")}
        grown, whole = row["bytes"] / 1e9, row["process_bytes"] / 1e9
        typer.echo(f"{side:>8}{row['seconds']:>10.1f}{grown:>21.2f}{whole:>19.2f}")
        rows.append(row)
    _write_json(as_json, {"rows": rows})


@benchmark.command()
def quality(
    root: Annotated[Path, typer.Argument(help="BSDS500: images/ and groundTruth/.")],
    results: Annotated[
        Path, typer.Option(help="Takes a line for each run; read first, so that it resumes.")
    ],
    split: Annotated[str, typer.Option(help="Which images: train, val or test.")] = "val",
    limit: Annotated[int | None, typer.Option(help="At most so many images.", min=2)] = None,
    iterations: Annotated[int, typer.Option(help="Iterations of Exact.", min=1)] = 50,
    seeds: Annotated[int, typer.Option(help="Seeds of Fast; Exact has one.", min=1)] = 3,
    as_json: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures to this file.")
    ] = None,
) -> None:
    """Compare Fast with Exact by the papers' accuracy protocol."""
    from napari_dynaseg.benchmark import quality as comparison
    from napari_dynaseg.benchmark.bsds500 import list_images

    images = list_images(root, split, limit)
    runs = comparison.compare(images, iterations, seeds, results)
    total = len(comparison.plan_runs(images, seeds))
    with typer.progressbar(runs, length=total, label="runs", file=sys.stderr) as bar:
        summary = comparison.summarise(list(bar))
    typer.echo(comparison.write_table(summary))
    _write_json(as_json, summary)


def _write_json(path: Path | None, figures: dict[str, Any]) -> None:
    if path:
        path.write_text(json.dumps(figures, indent=2) + "\n")
