"""Options of the command line made from knobs: one for each, with its help and its range."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated

import typer

from napari_dynaseg.knobs import Knobs


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
    described = knobs.describe(name)
    default = described.get("default", "the scheme's own")
    text = described["description"]
    return f"{text}. Takes {knobs.describe_range(name)} [default: {default}]"
