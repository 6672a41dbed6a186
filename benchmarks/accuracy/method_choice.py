"""A method and its knobs as the command line writes them: ``kmeans:clusters=4:window=3``."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.peers import Method, find_method
from napari_dynaseg.settings import SCHEMES

_AS_PUBLISHED = "clean=false:padding=zeros"
# What a name stands for that is none of a method.
SHORT_NAMES = MappingProxyType(
    {
        **{f"{scheme}-published": f"{scheme}:{_AS_PUBLISHED}" for scheme in SCHEMES},
        "regions": "scf:result=regions",  # the same with each scheme
    }
)
# Every row of the paper's table, where SCF and FSF have two settings each.
PAPER_ROWS = (
    "iic",
    "kmeans",
    "graph",
    "superpixels",
    "fixed-published",
    "scf-published:mu=100",
    "scf-published",
    "fsf-published:mu=10",
    "fsf-published",
)
# What this program gives by default: clean clusters of each scheme, and regions.
OUR_ROWS = ("fixed", "scf", "fsf", "regions")
CELL_ROWS = (
    "otsu",
    "iic",
    "kmeans",
    "graph",
    "superpixels",
    "fixed-published",
    "scf-published",
    "fsf-published",
    *OUR_ROWS,
)


@dataclass(frozen=True)
class MethodChoice:
    """A method with some of its knobs turned.

    Parameters
    ----------
    text
        As it was written.
    method
        The method.
    knobs
        What is turned.
    """

    text: str
    method: Method
    knobs: dict[str, Any]

    @classmethod
    def parse(cls, text: str, **defaults: Any) -> "MethodChoice":
        """Read a choice.

        Parameters
        ----------
        text
            A name, of a method or one of `SHORT_NAMES`, and any number of ``:knob=value``.
        **defaults
            Knobs turned where the method has them and the text does not say; `None` counts as
            not turned.

        Raises
        ------
        SettingsError
            If there is no such method or knob, or its value is out of range.
        """
        short, *own = text.split(":")
        name, *turns = [*SHORT_NAMES.get(short, short).split(":"), *own]
        method = find_method(name)
        usual = {
            knob: value
            for knob, value in defaults.items()
            if knob in method.knob_names and value is not None
        }
        choice = cls(text, method, {**usual, **dict(map(_read_knob, turns))})
        method.configure(**choice.knobs)
        return choice

    def list_seeds(self, count: int) -> list[int]:
        """List the seeds to run it with: one, if nothing in it is random."""
        return list(range(count)) if "seed" in self.method.knob_names else [0]

    def resolve(self, seed: int) -> dict[str, Any]:
        """Give every knob of a run, as plain values."""
        knobs = dict(self.knobs)
        if "seed" in self.method.knob_names:
            knobs["seed"] = seed
        return self.method.configure(**knobs).model_dump(mode="json")


def parse_choices(texts: Sequence[str], **defaults: Any) -> list[MethodChoice]:
    """Read choices, several to a text, parted by commas or blanks.

    Parameters
    ----------
    texts, **defaults
        As for `MethodChoice.parse`.

    Raises
    ------
    SettingsError
        As there, or if a choice comes twice.
    """
    names = [name for text in texts for name in text.replace(",", " ").split()]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(
                f"each method is measured once; got {name} {names.count(name)} times"
            )
    return [MethodChoice.parse(name, **defaults) for name in names]


def _read_knob(text: str) -> tuple[str, str]:
    knob, is_turned, value = text.partition("=")
    if not is_turned:
        raise SettingsError(f"a knob of a method is written knob=value; got {text!r}")
    return knob.replace("-", "_"), value
