"""The correction tools: what each is called, which key it has, and which edit it makes. No Qt."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.edit_targets import Target
from napari_dynaseg.labels.components import check_points, select_regions
from napari_dynaseg.labels.edits import (
    delete,
    make_objects,
    merge_labels,
    merge_regions,
    relabel_in_sequence,
    remove_specks,
    split_into_parts,
    split_touching,
)
from napari_dynaseg.labels.numbering import LabelMap, Mask
from napari_dynaseg.labels.outlines import fill_holes, grow, shrink, smooth
from napari_dynaseg.labels.scope import Scope

Pixel = tuple[int, ...]


@dataclass(frozen=True)
class Choice:
    """Which regions a tool works on: those under some pixels, those of some labels, or all.

    Parameters
    ----------
    points
        Pixels of the target.
    numbers
        Labels.
    """

    points: tuple[Pixel, ...] = ()
    numbers: tuple[int, ...] = ()

    def find(self, labels: LabelMap, whole_labels: bool) -> Mask | None:
        """Find the pixels chosen; `None` for all."""
        numbers: Sequence[int] = self.numbers
        if self.points and not whole_labels:
            return select_regions(labels, self.points)
        if self.points:
            numbers = [int(labels[at]) for at in check_points(self.points, labels.shape)]
        return np.isin(labels, numbers) if numbers else None


# What an edit gets: the labels, the choice, the number beside its button, what limits it.
Edit = Callable[[LabelMap, Choice, int, Scope], LabelMap]


@dataclass(frozen=True)
class Tool:
    """A correction tool.

    Parameters
    ----------
    name
        In the code.
    title
        On its button.
    key
        On the label layer.
    tip
        What it does, in a sentence without its end.
    edit
        Does it; `None` for a tool that marks labels and leaves their pixels alone.
    number
        Which number it takes.
    on
        What it works on: regions as chosen in the panel (but all where those are clicked, if it
        is for many); regions clicked in any case; or all labels of all planes in any case.
    gathers
        Whether clicks gather regions until Enter is pressed.
    makes_labels
        Whether it may need new numbers.
    """

    name: str
    title: str
    key: str
    tip: str
    edit: Edit | None = None
    number: Literal["radius", "size", "distance"] | None = None
    on: Literal["choice", "many", "clicks", "all"] = "choice"
    gathers: bool = False
    makes_labels: bool = False


def _edit_chosen(
    edit: Callable[..., LabelMap], number: str = "", whole_labels: bool = False
) -> Edit:
    """Adapt an edit of chosen pixels, which may take a number of this name."""

    def adapted(labels: LabelMap, choice: Choice, value: int, limits: Scope) -> LabelMap:
        scope = replace(limits, chosen=choice.find(labels, whole_labels))
        return edit(labels, scope=scope, **({number: value} if number else {}))

    return adapted


def _merge(labels: LabelMap, choice: Choice, limits: Scope) -> LabelMap:
    if choice.numbers:
        return merge_labels(labels, choice.numbers, limits)
    return merge_regions(labels, choice.points, limits)


TOOLS = (
    Tool(
        "merge",
        "Merge",
        "Shift-M",
        "click a region, then those that shall join it, or draw a line across them",
        lambda labels, choice, _, limits: _merge(labels, choice, limits),
        on="clicks",
    ),
    Tool(
        "parts",
        "Split parts",
        "Shift-P",
        "make each connected part a label of its own; the largest keeps the number",
        _edit_chosen(split_into_parts, whole_labels=True),
        makes_labels=True,
    ),
    Tool(
        "touching",
        "Split touching",
        "Shift-T",
        "cut objects that touch at their narrow places; Distance is the least between middles",
        _edit_chosen(split_touching, "distance"),
        number="distance",
        makes_labels=True,
    ),
    Tool(
        "holes",
        "Fill holes",
        "Shift-H",
        "fill what a region encloses; on all labels, only where it is 0",
        _edit_chosen(fill_holes),
    ),
    Tool(
        "specks",
        "Remove specks",
        "Shift-K",
        "give regions below Size to the neighbour that they touch most",
        _edit_chosen(remove_specks, "size"),
        number="size",
        on="many",
    ),
    Tool(
        "smooth",
        "Smooth",
        "Shift-S",
        "smooth outlines over Radius; no region vanishes or breaks apart",
        _edit_chosen(smooth, "radius"),
        number="radius",
    ),
    Tool("grow", "Grow", "Shift-G", "grow by Radius", _edit_chosen(grow, "radius"), "radius"),
    Tool(
        "shrink",
        "Shrink",
        "Shift-N",
        "shrink by Radius; the neighbour takes the margin",
        _edit_chosen(shrink, "radius"),
        number="radius",
    ),
    Tool("delete", "Delete", "Shift-D", "set to 0", _edit_chosen(delete)),
    Tool(
        "objects",
        "Objects",
        "Shift-B",
        "make the chosen labels the foreground, each connected part an object, and the rest 0",
        _edit_chosen(make_objects, whole_labels=True),
        gathers=True,
        makes_labels=True,
    ),
    Tool(
        "relabel",
        "Relabel",
        "Shift-R",
        "number all labels 1, 2, 3 … on all planes; colours and classes follow",
        lambda labels, _, __, limits: relabel_in_sequence(labels, limits),
        on="all",
    ),
)

LOCK = Tool("lock", "Lock", "Shift-L", "leave labels alone in tools and later runs; again: no more")
NAME = Tool("class", "Name", "Shift-C", "give labels the class in the box; an empty one takes it")


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a tool came to.

    Parameters
    ----------
    tool
        Which it was.
    change
        What it changes.
    origins
        For each new label the one that most of its pixels had before.
    renumbered
        For each label that has another number now, that number.
    """

    tool: Tool
    change: Change
    origins: dict[int, int] = field(default_factory=dict)
    renumbered: dict[int, int] = field(default_factory=dict)


def apply_tool(
    tool: Tool, target: Target, choice: Choice, value: int = 0, used: Collection[int] = ()
) -> Outcome:
    """Work out what a tool changes; in any thread, as nothing is written.

    Parameters
    ----------
    tool, target, choice
        What does it, to what.
    value
        The number beside its button.
    used
        Numbers that new labels shall not have, such as those that have a name.

    Raises
    ------
    EditError
        If it cannot be done.
    """
    labels = target.read()
    limits = Scope(where=target.read_where(), locked=target.locked)
    highest = 0
    if tool.makes_labels and not (tool.gathers and _may_reuse_numbers(target, limits, used)):
        highest = max(target.read_highest(), *used, 0)
    if tool.makes_labels:
        limits = replace(limits, above=highest)
    edited = labels if tool.edit is None else tool.edit(labels, choice, value, limits)
    change = Change.between(target, labels, edited)
    return Outcome(
        tool,
        change,
        origins=_find_origins(change, highest) if tool.makes_labels else {},
        renumbered=_find_renumbered(change) if tool.name == "relabel" else {},
    )


def _may_reuse_numbers(target: Target, limits: Scope, used: Collection[int]) -> bool:
    """Tell whether nothing but what is edited, no name and no lock, has a number."""
    is_whole = np.prod(target.shape) == np.prod(target.data.shape)
    return bool(is_whole and limits.where is None and not target.locked and not used)


def _find_origins(change: Change, highest: int) -> dict[int, int]:
    is_new = change.after > highest
    pairs = np.stack([change.after[is_new], change.before[is_new]])
    found, counts = np.unique(pairs, axis=1, return_counts=True)
    # For each new label the pair with most pixels comes last, and stays.
    return dict(found.T[np.lexsort((-found[1], counts))].tolist())


def _find_renumbered(change: Change) -> dict[int, int]:
    old, first = np.unique(change.before, return_index=True)
    return dict(zip(old.tolist(), change.after[first].tolist(), strict=True))
