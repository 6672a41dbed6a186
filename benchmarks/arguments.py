"""Arguments that several benchmarks take, and the file that takes their figures."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from napari_dynaseg.errors import name_failure
from napari_dynaseg.recipes.writing import write_whole


def _make_folder(path: Path | None) -> Path | None:
    """Make the folder of a file to come, so that no measurement of hours ends in vain."""
    with name_failure(path, "written"):
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
    return path


Json = Annotated[
    Path | None,
    typer.Option(
        "--json", help="Also write the figures to this file.", dir_okay=False, callback=_make_folder
    ),
]
Bsds = Annotated[Path, typer.Argument(help="BSDS500: images/ and groundTruth/.")]
Split = Annotated[str, typer.Option(help="Which images: train, val or test.")]
SchemeName = Annotated[str, typer.Option(help="The weighting scheme of the runs.")]
Device = Annotated[str, typer.Option(help="Where it trains: auto, cpu, cuda or mps.")]


def write_json(path: Path | None, figures: dict[str, Any]) -> None:
    """Write figures to a file, if there is to be one."""
    if path:
        write_whole(path, lambda part: part.write_text(json.dumps(figures, indent=2) + "\n"))
