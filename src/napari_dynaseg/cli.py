"""The command line: parse, call, print."""

import contextlib
import inspect
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from napari_dynaseg.errors import ImageWarning, SegmentationError, SettingsError
from napari_dynaseg.settings import Settings, describe_knob, describe_range

NAME = "napari-dynaseg"
BAD_INPUT = 2
# typer brings its own copy of click; these are the parents of its public exceptions.
CommandLineError: Any = typer.BadParameter.__mro__[2]

app = typer.Typer(
    help="Unsupervised segmentation of one image, with a dynamically weighted loss.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
benchmark = typer.Typer(help="Measure this program on this machine.")
app.add_typer(benchmark, name="benchmark")


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command one option for each knob of `Settings`, in place of its ``**knobs``.

    The options are texts: `Settings` reads and checks them, here as everywhere.
    """
    parameters = [
        parameter
        for parameter in inspect.signature(command).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    for name in Settings.model_fields:
        option = typer.Option(help=_describe_option(name), metavar=describe_knob(name)["type"])
        annotation = Annotated[str | None, option]
        parameters.append(
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
            )
        )
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _describe_option(name: str) -> str:
    default = describe_knob(name).get("default", "the scheme's own")
    text = describe_knob(name)["description"]
    return f"{text}. Takes {describe_range(name)} [default: {default}]"


@app.command()
@with_settings
def segment(
    images: Annotated[list[Path], typer.Argument(help="Images, or folders of images.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="A .tif for one image, else a folder for the labels."),
    ],
    preview: Annotated[
        Path | None,
        typer.Option(help="Also draw a picture: a .png for one image, else a folder."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option(help="Replace outputs that are there already.")
    ] = False,
    **knobs: str | None,
) -> None:
    """Segment images; each becomes a TIFF of labels that holds its recipe."""
    from napari_dynaseg.batch import plan_outputs, segment_file

    settings = Settings(**{name: value for name, value in knobs.items() if value is not None})
    failed = False
    for plan in plan_outputs(images, output, preview):
        if not overwrite and (kept := plan.find_existing()):
            typer.echo(f"{plan.image}: kept {kept}, which is there already")
            continue
        try:
            with _name_in_warnings(plan.image):
                summary = _show_progress(str(plan.image), segment_file(plan, settings), settings)
            typer.echo(f"{plan.image}: {summary} -> {plan.labels}")
        except SegmentationError as error:
            failed = True
            name = str(plan.image)
            _print_error(str(error) if name in str(error) else f"{name}: {error}")
    if failed:
        raise typer.Exit(BAD_INPUT)


def _show_progress(name: str, steps: Any, settings: Settings) -> str:
    from napari_dynaseg.fast import limit_iterations

    summary = ""
    with typer.progressbar(length=limit_iterations(settings), label=name, file=sys.stderr) as bar:
        for step in steps:
            bar.update(1)
            summary = f"{step.labels_in_use} labels after {step.iteration} iterations"
    return summary


@app.command()
def info() -> None:
    """Print versions, devices and every setting with its range."""
    from napari_dynaseg.about import describe_installation

    for title, text in describe_installation().items():
        typer.echo(f"{title:<16}{text}")
    typer.echo("\nsettings")
    for name in Settings.model_fields:
        default = describe_knob(name).get("default", "50, 15 or 5, as the scheme")
        typer.echo(f"  {name:<16}{default}  ({describe_range(name)})")


@app.command()
def demo(
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", help="Where the picture and the labels go if there is no display."
        ),
    ] = Path("napari-dynaseg-demo"),
) -> None:
    """Open the viewer on a picture and start segmenting it."""
    from napari_dynaseg._napari.demo import run_demo

    for line in run_demo(output):
        typer.echo(line)


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


def _print_error(text: str) -> None:
    typer.echo(f"{NAME}: error: {' '.join(text.split())}", err=True)


@contextlib.contextmanager
def _name_in_warnings(image: Path) -> Iterator[None]:
    """Print each warning about an image as one line that names it."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        typer.echo(f"{NAME}: warning: {image}: {message}", err=True)

    with warnings.catch_warnings():
        warnings.simplefilter("always", ImageWarning)
        warnings.showwarning = show
        yield


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; bad input is one line on standard error and exit status 2."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        status = app(args=arguments or ["--help"], prog_name=NAME, standalone_mode=False)
    except CommandLineError as error:
        _print_error(error.format_message())
        status = BAD_INPUT
    except SegmentationError as error:
        _print_error(str(error))
        status = BAD_INPUT
    sys.exit(status or 0)


if __name__ == "__main__":
    main()
