"""The kinds of labels: which each label of a plane has, and a layer coloured by them. No Qt."""

from collections.abc import Mapping

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap, label_colormap

from napari_dynaseg._napari.layers.classes import OTHERS
from napari_dynaseg._napari.layers.kept_run import KeptRun
from napari_dynaseg.errors import EditError
from napari_dynaseg.image.axes import Position
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.regions.votes import Votes

KIND = "kind"  # the column of a layer's table
EACH_IS_ONE = "of clusters each label is a kind of its own"


def explain_no_kinds(run: KeptRun, position: Position) -> str:
    """Say why the labels of a plane have no kinds; nothing if they have, or will have."""
    if run.settings.result == "clusters":
        return EACH_IS_ONE
    return run.explain_no_tree(position)


def find_kinds(run: KeptRun, layer: Labels, position: Position) -> dict[int, int]:
    """Find the kind of each label of a plane, painted and merged ones too.

    Raises
    ------
    EditError
        If the tree of the plane is not there.
    """
    tree = run.find_tree(position)
    if tree is None:
        raise EditError(explain_no_kinds(run, position) or "the tree of this plane is not there")
    shown = run.read_plane(layer.data, position)
    return vote_for_kinds(shown, tree.cut_kinds(run.find_detail(position)))


def vote_for_kinds(labels: LabelMap, kinds: LabelMap) -> dict[int, int]:
    """Give each label the kind that most of its pixels have.

    Examples
    --------
    >>> vote_for_kinds(np.array([[0, 7, 7, 9]]), np.array([[1, 2, 2, 1]]))
    {7: 2, 9: 1}
    """
    numbers, place = np.unique(labels, return_inverse=True)
    votes = Votes.count(place.reshape(labels.shape).astype(np.int32), kinds)
    chosen = votes.choose(np.arange(len(numbers)))
    return {
        number: kind
        for number, kind in zip(numbers.tolist(), chosen.tolist(), strict=True)
        if number != 0
    }


def colour_by_kind(layer: Labels, kinds: Mapping[int, int]) -> None:
    """Show labels in the colours that labels with the numbers of their kinds would have."""
    usual = label_colormap(49).map(np.array(list(kinds.values()), np.int32))
    colours: dict[int | None, object] = dict(zip(kinds, usual, strict=True))
    colours |= {0: np.zeros(4, np.float32), None: np.array(OTHERS, np.float32)}
    layer.colormap = DirectLabelColormap(color_dict=colours)
