"""Names and colours of labels, kept in the layer's table of features and its colormap. No Qt."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap, label_colormap

INDEX, CLASS = "index", "class"

Colour = npt.NDArray[np.float32]
# Labels up to here have a colour each; a colormap of more takes seconds to make.
MOST_COLOURS = 10_000
# Labels that may be painted later have their usual colours too: so many beyond the highest.
SPARE_COLOURS = 256
GUESSED_HIGHEST = 1000
OTHERS = (0.5, 0.5, 0.5, 1.0)


def read_table(layer: Labels) -> pd.DataFrame:
    """Read the table of a layer, as a copy with a row for each of some labels, by its index."""
    table = pd.DataFrame(layer.features).copy()
    if INDEX not in table:
        # So napari reads a table that does not say which labels its rows are of.
        table.insert(0, INDEX, np.arange(len(table)))
    return table.drop_duplicates(INDEX, keep="last").set_index(INDEX)


def write_table(layer: Labels, table: pd.DataFrame) -> None:
    """Write the table of a layer, its rows by rising label."""
    layer.features = table.sort_index().rename_axis(INDEX).reset_index()


def read_classes(layer: Labels) -> dict[int, str]:
    """Read which labels have a class."""
    table = read_table(layer)
    if CLASS not in table:
        return {}
    named = table[CLASS].fillna("").astype(str)
    return {int(number): name for number, name in named.items() if name}


def give_class(
    layer: Labels, numbers: Iterable[int], name: str, colour: Sequence[float] | None = None
) -> None:
    """Give labels a class and its colour; an empty name takes their class and colour away.

    Parameters
    ----------
    layer
        The label layer.
    numbers
        Its labels; 0 has no class.
    name
        Of the class.
    colour
        RGBA from 0 to 1, for all labels of the class; by default that of the class, or of the
        first of these labels where the class is new.
    """
    chosen = [number for number in numbers if number != 0]
    before = read_classes(layer)
    members = [number for number, given in before.items() if name and given == name] + chosen
    if not chosen:
        return
    if colour is None:
        colour = _map_colours(layer, members[:1])[0]
    add_rows(layer, dict.fromkeys(chosen, name))
    if name:
        _show_colours(layer, dict.fromkeys(members, np.asarray(colour, np.float32)))
    else:
        _show_colours(layer, {number: None for number in chosen if number in before})


def add_rows(layer: Labels, classes: Mapping[int, str]) -> None:
    """Make sure that labels have a row, with this class; other columns stay."""
    table = read_table(layer)
    if CLASS not in table:
        table.insert(0, CLASS, "")
    table[CLASS] = table[CLASS].astype(object).where(table[CLASS].notna(), "")
    table = table.reindex(table.index.union(list(classes)))
    table[CLASS] = pd.Series(classes).reindex(table.index).fillna(table[CLASS]).fillna("")
    write_table(layer, table)


def follow_new_labels(layer: Labels, origins: Mapping[int, int], wants_rows: bool) -> None:
    """Give labels that are new the classes and class colours of those that they came from.

    Parameters
    ----------
    layer
        The label layer.
    origins
        For each new label the one before.
    wants_rows
        Whether labels without a class have a row too.
    """
    classes = read_classes(layer)
    rows = {new: classes.get(old, "") for new, old in origins.items()}
    rows = {new: name for new, name in rows.items() if wants_rows or name}
    if rows:
        add_rows(layer, rows)
    if isinstance(layer.colormap, DirectLabelColormap):
        named = {new: old for new, old in origins.items() if old in classes}
        colours = dict(zip(named, _map_colours(layer, list(named.values())), strict=True))
        _show_colours(layer, {new: colours.get(new) for new in origins})


def take_rows(layer: Labels, numbers: Sequence[int]) -> pd.DataFrame:
    """Take the rows of labels out of the table, and give them."""
    table = read_table(layer)
    rows = table.loc[table.index.isin(numbers)]
    if len(rows):
        write_table(layer, table.drop(index=rows.index))
    return rows


def put_rows(layer: Labels, rows: pd.DataFrame) -> None:
    """Put rows back into the table, but for labels that have one."""
    table = read_table(layer)
    rows = rows.loc[~rows.index.isin(table.index)]
    if len(rows):
        write_table(layer, pd.concat([table, rows]) if len(table) else rows)


class Displaced(NamedTuple):
    """Rows and colours of numbers that other labels have taken."""

    rows: pd.DataFrame
    colours: dict[int, Colour]


def follow_renumbering(
    layer: Labels, renumbered: Mapping[int, int], displaced: Displaced | None = None
) -> Displaced:
    """Let rows and colours move with labels that have other numbers now.

    Parameters
    ----------
    layer
        The label layer.
    renumbered
        The new number of each label that has one, all different.
    displaced
        What the opposite renumbering displaced, to be put back.

    Returns
    -------
    Displaced
        What numbers had that were not in use, and are now.
    """
    taken = sorted(set(renumbered.values()) - set(renumbered))
    given = Displaced(
        take_rows(layer, taken), dict(zip(taken, _map_colours(layer, taken), strict=True))
    )
    moved = _map_colours(layer, list(renumbered))
    freed: dict[int, Colour | None] = dict.fromkeys(set(renumbered) - set(renumbered.values()))
    colours = freed | dict(zip(renumbered.values(), moved, strict=True))
    write_table(layer, read_table(layer).rename(index=dict(renumbered)))
    if displaced is not None:
        put_rows(layer, displaced.rows)
        colours |= displaced.colours
    _show_colours(layer, colours)
    return given


def _show_colours(layer: Labels, colours: Mapping[int, Colour | None]) -> None:
    """Show labels in other colours, in their usual ones where `None`; all others keep theirs."""
    if not colours:
        return
    usual = label_colormap(49)
    highest = max(*colours, *_list_direct(layer), _find_highest(layer), 0) + SPARE_COLOURS
    shown: dict[int | None, Colour] = {
        number: colour for number, colour in _list_direct(layer).items() if number > MOST_COLOURS
    }
    listed = range(1, min(highest, MOST_COLOURS) + 1)
    shown |= dict(zip(listed, _map_colours(layer, listed), strict=True))
    changed: dict[int | None, Colour] = {
        number: usual.map(number) if colour is None else colour
        for number, colour in colours.items()
    }
    shown |= changed
    shown |= {0: np.zeros(4, np.float32), None: np.array(OTHERS, np.float32)}
    layer.colormap = DirectLabelColormap(color_dict=shown)


def _list_direct(layer: Labels) -> dict[int, Colour]:
    """List the labels that have a colour of their own."""
    if not isinstance(layer.colormap, DirectLabelColormap):
        return {}
    return {number: colour for number, colour in layer.colormap.color_dict.items() if number}


def _map_colours(layer: Labels, numbers: Sequence[int]) -> npt.NDArray[np.float32]:
    """Map labels to colours; those that the colormap does not know, to their usual ones."""
    usual = label_colormap(49).map(np.asarray(numbers))
    if not isinstance(layer.colormap, DirectLabelColormap):
        return np.asarray(layer.colormap.map(np.asarray(numbers)))
    direct = _list_direct(layer)
    for row, number in enumerate(numbers):
        usual[row] = direct.get(number, usual[row])
    return np.asarray(usual)


def _find_highest(layer: Labels) -> int:
    """Find the highest label; that of a stack on disk, which would take long, is guessed."""
    data = layer.data
    return int(np.max(data, initial=0)) if isinstance(data, np.ndarray) else GUESSED_HIGHEST
