"""What the command line says when something is wrong: one line for each error and warning."""

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from napari_dynaseg.errors import ImageWarning, SegmentationError, name_in_errors

if TYPE_CHECKING:
    from napari_dynaseg.cli.batch import FilePlan

NAME = "napari-dynaseg"
BAD_INPUT = 2
INTERRUPTED = 130
# typer brings its own copy of click; these are the parents of its public exceptions.
CommandLineError: Any = typer.BadParameter.__mro__[2]


def run_app(app: typer.Typer, arguments: Sequence[str], name: str) -> int:
    """Run a command line, and give its exit status; bad input is one line on standard error."""
    try:
        status = app(args=list(arguments) or ["--help"], prog_name=name, standalone_mode=False)
    except typer.Abort:
        return INTERRUPTED
    except CommandLineError as error:
        print_error(error.format_message())
        return BAD_INPUT
    except SegmentationError as error:
        print_error(str(error))
        return BAD_INPUT
    return status or 0


def print_error(text: str) -> None:
    """Print an error as one line on standard error."""
    typer.echo(f"{NAME}: error: {' '.join(text.split())}", err=True)


@contextlib.contextmanager
def name_in_warnings(image: str | Path) -> Iterator[None]:
    """Print each warning about an image as one line that names it."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        typer.echo(f"{NAME}: warning: {image}: {message}", err=True)

    with warnings.catch_warnings():
        warnings.simplefilter("always", ImageWarning)
        warnings.showwarning = show
        yield


def do_plans(plans: "Sequence[FilePlan]", overwrite: bool, do: "Callable[[FilePlan], str]") -> None:
    """Work on image files one after the other; one that fails does not stop the others.

    Parameters
    ----------
    plans
        The images and their outputs.
    overwrite
        Whether outputs that are there already are made again.
    do
        Makes the outputs of an image, and says what came out.

    Raises
    ------
    typer.Exit
        At the end, if any failed.
    """
    failed = False
    for plan in plans:
        if not overwrite and (kept := plan.find_existing()):
            typer.echo(f"{plan.image}: kept {kept}, which is there already")
            continue
        try:
            with name_in_warnings(plan.image), name_in_errors(plan.image):
                summary = do(plan)
            typer.echo(f"{plan.image}: {summary} -> {plan.labels}")
        except SegmentationError as error:
            failed = True
            print_error(str(error))
    if failed:
        raise typer.Exit(BAD_INPUT)
