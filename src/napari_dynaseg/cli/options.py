"""Options of the command line made from knobs: one for each, with its help and its range."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from napari_dynaseg.knobs import Knobs

# Options that several commands take.
Output = Annotated[
    Path,
    typer.Option("-o", "--output", help="A .tif for one image, else a folder for the labels."),
]
Preview = Annotated[
    Path | None, typer.Option(help="Also draw a picture: a .png for one image, else a folder.")
]
Overwrite = Annotated[bool, typer.Option(help="Replace outputs that are there already.")]
AxesLetters = Annotated[
    str | None, typer.Option(help="One letter an axis, such as TZCYX; by default as the file says.")
]
Level = Annotated[
    int | None, typer.Option(help="Which level of a pyramid; 0 is the finest, and the default.")
]


def add_knob_options(
    command: Callable[..., None],
    knobs: type[Knobs],
    names: Sequence[str] | None = None,
) -> Callable[..., None]:
    """Give a command one option for each knob, in place of its ``**knobs``.

    The options are texts: the knobs read and check them, here as everywhere.

    Parameters
    ----------
    command
        What is called with them.
    knobs
        Their class.
    names
        Which of them; by default all.
    """
    options = []
    for name in names or knobs.model_fields:
        help_line, metavar = _describe_option(knobs, name), knobs.describe(name)["type"]
        annotation = Annotated[str | None, typer.Option(help=help_line, metavar=metavar)]
        options.append(
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
            )
        )
    return add_options(command, options)


def add_options(
    command: Callable[..., None], options: Iterable[inspect.Parameter]
) -> Callable[..., None]:
    """Give a command further options, in place of its parameter with two stars."""
    own = inspect.signature(command).parameters.values()
    kept = [parameter for parameter in own if parameter.kind is not inspect.Parameter.VAR_KEYWORD]
    signature = inspect.Signature([*kept, *options])
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in signature.parameters.values()}
    return command


def _describe_option(knobs: type[Knobs], name: str) -> str:
    text, default = knobs.describe(name)["description"], knobs.describe_default(name)
    return f"{text}. Takes {knobs.describe_range(name)} [default: {default}]"
