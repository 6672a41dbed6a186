"""The command line: parse, call, print."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_dynaseg.cli.benchmark_door import open_door
from napari_dynaseg.cli.compare_options import compare
from napari_dynaseg.cli.messages import NAME, do_plans, name_in_warnings, run_app
from napari_dynaseg.cli.options import AxesLetters, Level, Overwrite, Preview, add_knob_options
from napari_dynaseg.counting import write_count
from napari_dynaseg.errors import SettingsError
from napari_dynaseg.generators import Loop
from napari_dynaseg.labels.numbering import count_labels
from napari_dynaseg.method.annotations import GUIDANCE, SCRIBBLES, AnnotationKind
from napari_dynaseg.settings import Settings, describe_knob, describe_range

if TYPE_CHECKING:
    from napari_dynaseg.cli.batch import FilePlan
    from napari_dynaseg.files.annotation_files import AnnotationFile
    from napari_dynaseg.labels.numbering import LabelMap
    from napari_dynaseg.recipes.trained_network import TrainedNetwork
    from napari_dynaseg.stacks.plan import StackRun

app = typer.Typer(
    help="Unsupervised segmentation of images and stacks, with a dynamically weighted loss.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(compare, name="compare")
app.command(
    "benchmark",
    # What follows is read by the benchmarks, --help too.
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)(open_door)


@app.command()
@partial(add_knob_options, knobs=Settings)
def segment(
    images: Annotated[
        list[str],
        typer.Argument(
            help="Images, or folders of images; or one stack: a file, an OME-Zarr, or its address."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            help="A .tif for one image, else a folder for the labels; an .ome.zarr for a stack.",
        ),
    ],
    preview: Preview = None,
    overwrite: Overwrite = False,
    axes: AxesLetters = None,
    level: Level = None,
    network: Annotated[
        Path | None, typer.Option(help="Apply this network, saved before, instead of training.")
    ] = None,
    save_network: Annotated[
        Path | None, typer.Option(help="Also save the network: a .dynaseg.safetensors file.")
    ] = None,
    within: Annotated[
        Path | None,
        typer.Option(help="Segment only where this image, of the size of a plane, is above 0."),
    ] = None,
    plane: Annotated[
        str | None,
        typer.Option(help="Train on this plane of a stack, such as T=3,Z=10 [default: middle]."),
    ] = None,
    planes: Annotated[
        str | None,
        typer.Option("--range", help="Segment these planes of a stack only, such as T=0:20,Z=5:."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Share out the planes of a stack over so many processes.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Share them out over the workers of this dask scheduler.")
    ] = None,
    scribbles: Annotated[
        Path | None,
        typer.Option(
            help="Labels that you drew on some pixels of the image, or of the plane of a stack "
            "that is trained on: a .tif or .png of whole numbers, 0 elsewhere. They stay as "
            "they are, and what is like them follows."
        ),
    ] = None,
    scribble_background: Annotated[
        int | None,
        typer.Option(
            help="The number that means nothing in the scribbles [default: 0]. With another one "
            "all labels are raised by one, as label 0 means nothing."
        ),
    ] = None,
    guidance: Annotated[
        Path | None,
        typer.Option(
            help="Another segmentation of the image, or of that plane of a stack: a .tif or .png "
            "of whole numbers, 0 where there is none. It draws the result to its regions, as "
            "strongly as --guidance-weight says."
        ),
    ] = None,
    guidance_background: Annotated[
        int | None,
        typer.Option(
            help="The number that means no guidance [default: 0]. With another one all labels are "
            "raised by one, so that 0 guides like any other: 255 does for a threshold of 0 and 1."
        ),
    ] = None,
    **knobs: str | None,
) -> None:
    """Segment images, or one stack; the labels hold the recipe that made them.

    An image becomes a TIFF. A stack becomes an OME-Zarr; a run that was stopped goes on when it
    is called again.
    """
    turned = {name: value for name, value in knobs.items() if value is not None}
    trained = _load_network(network, turned)
    if network and save_network:
        raise SettingsError("only a network that is trained is saved; got one to apply as well")
    if trained:
        _refuse("a network that is trained already", within=within)
    settings = trained.settings if trained else Settings(**turned)
    chosen = {
        "scribbled": _choose_file(SCRIBBLES, scribbles, scribble_background, images, trained),
        "guidance": _choose_file(GUIDANCE, guidance, guidance_background, images, trained),
    }
    annotations = {name: file for name, file in chosen.items() if file}
    if output.suffix == ".zarr":
        _refuse("labels that go into an .ome.zarr", preview=preview)
        choice = {"plane": plane, "planes": planes, "network": trained}
        _segment_stack(
            images,
            output,
            settings,
            overwrite,
            reading={"axes": axes, "level": level},
            choice={**choice, "network_goal": save_network},
            mask=within,
            cluster={"scheduler": scheduler, "workers": workers},
            annotations=annotations,
        )
    else:
        for_stacks = {"plane": plane, "range": planes, "workers": workers, "scheduler": scheduler}
        _refuse("labels that do not go into an .ome.zarr", **for_stacks)
        from napari_dynaseg.cli.batch import plan_outputs

        plans = plan_outputs(
            images, output, preview, axes=axes, level=level, network=save_network, within=within
        )
        do_plans(
            plans, overwrite, lambda plan: _segment_image(plan, settings, trained, annotations)
        )


def _load_network(path: Path | None, knobs: dict[str, str]) -> "TrainedNetwork | None":
    if path is None:
        return None
    from napari_dynaseg.recipes.trained_network import TrainedNetwork

    return TrainedNetwork.load(path).use(knobs)


def _choose_file(
    kind: AnnotationKind,
    path: Path | None,
    background: int | None,
    images: list[str],
    network: object,
) -> "AnnotationFile | None":
    if path is None:
        name = f"{kind.name.removesuffix('s')}-background"
        _refuse(f"a run without --{kind.name}", **{name: background})
        return None
    from napari_dynaseg.files.annotation_files import AnnotationFile

    if network is not None:
        kind.refuse_network()
    file = AnnotationFile(path, kind, background or 0)
    file.check_single(images)
    return file


def _refuse(case: str, **options: object) -> None:
    """Refuse options that mean nothing in a case."""
    for name, value in options.items():
        if value is not None:
            raise SettingsError(f"--{name} means nothing for {case}; got {value}")


def _segment_image(
    plan: "FilePlan",
    settings: Settings,
    network: "TrainedNetwork | None",
    annotations: "dict[str, AnnotationFile]",
) -> str:
    from napari_dynaseg.cli import batch

    if network:
        return write_count(batch.label_file(plan, network), "label")
    steps = batch.segment_file(plan, settings, annotations)
    return _summarize(*_show_progress(str(plan.image), steps, settings))


def _segment_stack(
    images: list[str],
    output: Path,
    settings: Settings,
    overwrite: bool,
    reading: dict[str, Any],
    choice: dict[str, Any],
    cluster: dict[str, Any],
    mask: Path | None,
    annotations: "dict[str, AnnotationFile]",
) -> None:
    from napari_dynaseg.cli.batch import read_mask
    from napari_dynaseg.image.reader import open_image
    from napari_dynaseg.stacks.plan import StackRun, plan_stack
    from napari_dynaseg.stacks.workers import open_client

    if len(images) > 1:
        raise SettingsError(f"{output} takes the labels of one stack; got {len(images)} images")
    name = images[0]
    with name_in_warnings(name), open_client(settings, **cluster) as client:
        stack = open_image(name, **reading)
        within = read_mask(mask, stack.axes.plane_shape) if mask else None
        choice |= {name: file.read(stack.axes.plane_shape) for name, file in annotations.items()}
        plan = plan_stack(stack, output, settings, within=within, **choice)
        _run_stack(name, StackRun.begin(plan, overwrite), client)


def _run_stack(name: str, run: "StackRun", client: Any = None) -> None:
    if not run.is_trained:
        _show_progress(f"{name}: training", run.train(), run.plan.settings)
    missing = len(run.list_missing())
    with typer.progressbar(length=missing, label=f"{name}: planes", file=sys.stderr) as bar:
        for _ in run.segment(client):
            bar.update(1)
    total = len(run.plan.positions)
    before = f", {total - missing} of them before" if missing < total else ""
    typer.echo(f"{name}: {write_count(total, 'plane')}{before} -> {run.plan.output}")


def _show_progress(name: str, steps: Any, settings: Settings) -> tuple[int, Any]:
    """Run a training through beside a bar; gives its iterations, and what it returns."""
    from napari_dynaseg.method.subsampling import limit_iterations

    iterations, loop = 0, Loop(steps)
    with typer.progressbar(length=limit_iterations(settings), label=name, file=sys.stderr) as bar:
        for step in loop:
            iterations = step.iteration
            bar.update(1)
    return iterations, loop.returned


def _summarize(iterations: int, labels: "LabelMap") -> str:
    count = write_count(count_labels(labels), "label")
    return f"{count} after {write_count(iterations, 'iteration')}"


@app.command()
def replay(
    recipe: Annotated[
        Path, typer.Argument(help="Labels that hold their recipe: .tif or .zarr; or a .json.")
    ],
    image: Annotated[str, typer.Argument(help="An image or a stack: a file, or its address.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A .tif for one plane, an .ome.zarr for a stack.")
    ],
    overwrite: Overwrite = False,
    axes: Annotated[
        str | None, typer.Option(help="One letter an axis; by default as in the recipe.")
    ] = None,
    level: Annotated[
        int | None, typer.Option(help="Which level of a pyramid; by default as in the recipe.")
    ] = None,
    plane: Annotated[
        str | None, typer.Option(help="Train on this plane of a stack [default: the recipe's].")
    ] = None,
) -> None:
    """Make labels again from their recipe, or their like on another image.

    On the same image and machine they are the same, with what was painted on them.
    """
    from napari_dynaseg.cli.replay_files import begin_replay, plan_replay, replay_plane
    from napari_dynaseg.files.recipe_files import read_recipe

    found = read_recipe(recipe)
    if output.suffix != ".zarr" and output.exists() and not overwrite:
        typer.echo(f"{image}: kept {output}, which is there already")
        return
    with name_in_warnings(image):
        plan = plan_replay(found, image, output, axes=axes, level=level, plane=plane)
        if output.suffix == ".zarr":
            _run_stack(image, begin_replay(plan, overwrite))
            return
        settings = found.recipe.read_settings()
        iterations, labels = _show_progress(image, replay_plane(plan), settings)
    summary = _summarize(iterations, labels) if iterations else "labelled by its network"
    typer.echo(f"{image}: {summary} -> {output}")


@app.command()
def cut(
    labels: Annotated[Path, typer.Argument(help="Labels of one plane with their tree.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="A .tif, a .dynaseg.ome.tif or a .dynaseg.ome.zarr."),
    ],
    detail: Annotated[
        str,
        typer.Option(
            help=f"{describe_knob('detail')['description']}. Takes {describe_range('detail')}",
            metavar="number",
        ),
    ],
    result: Annotated[
        str | None,
        typer.Option(
            help=f"{describe_knob('result')['description']}. Takes {describe_range('result')} "
            "[default: as they are]",
            metavar="string",
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Cut saved labels at another detail, without training; what was painted stays."""
    from napari_dynaseg.files.cut_file import cut_labels

    Settings(**{"detail": detail, **({"result": result} if result else {})})  # refused first
    if output.exists() and not overwrite:
        typer.echo(f"{labels}: kept {output}, which is there already")
        return
    count = count_labels(cut_labels(labels, detail, result=result, output=output))
    typer.echo(f"{labels}: {write_count(count, 'label')} -> {output}")


@app.command()
def info() -> None:
    """Print versions, devices and every setting with its range."""
    from napari_dynaseg.cli.about import describe_installation

    for title, text in describe_installation().items():
        typer.echo(f"{title:<16}{text}")
    typer.echo("\nsettings")
    for name in Settings.model_fields:
        typer.echo(f"  {name:<20}{Settings.describe_default(name)}  ({describe_range(name)})")


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


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; bad input is one line on standard error and exit status 2."""
    sys.exit(run_app(app, sys.argv[1:] if arguments is None else arguments, NAME))


if __name__ == "__main__":
    main()
