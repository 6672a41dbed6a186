"""The command line's ``benchmark``: a door to the package `benchmarks` of a checkout."""

import sys
from importlib import import_module
from pathlib import Path

import typer

import napari_dynaseg
from napari_dynaseg.cli.messages import NAME, run_app
from napari_dynaseg.errors import FileError


def open_door(context: typer.Context) -> None:
    """Measure this program on this machine, from a checkout of its source."""
    sys.path.insert(0, str(find_checkout()))
    benchmark = import_module("benchmarks.commands").benchmark
    raise typer.Exit(run_app(benchmark, context.args, f"{NAME} benchmark"))


def find_checkout() -> Path:
    """Find the checkout: that of this package, the current folder, or the one with this ``.venv``.

    Raises
    ------
    FileError
        If none of them has the benchmarks.
    """
    for folder in (Path(napari_dynaseg.__file__).parents[2], Path.cwd(), Path(sys.prefix).parent):
        if (folder / "benchmarks" / "commands.py").is_file():
            return folder
    raise FileError(
        "the benchmarks are in a checkout of the source, not in the package: "
        "call this there, or python -m benchmarks"
    )
