"""What a part of a label layer was before its last change. No Qt."""

from typing import NamedTuple

import numpy as np
from napari.layers import Labels

from napari_dynaseg._napari.layers.edit_step import Change
from napari_dynaseg._napari.layers.kept_runs import KeptRuns
from napari_dynaseg._napari.layers.transforms import Index
from napari_dynaseg.errors import EditError, ImageError
from napari_dynaseg.labels.numbering import LabelMap


class Before(NamedTuple):
    """Labels to compare with, of the shape of the part, and what they are, in words."""

    labels: LabelMap
    words: str


class LastChanges:
    """The last tool, Refine or kept iteration of each layer.

    Parameters
    ----------
    kept
        The runs of the panel, which tell what their networks gave.
    """

    def __init__(self, kept: KeptRuns) -> None:
        self._kept = kept
        self._changes: dict[Labels, tuple[Change, str]] = {}

    def note(self, change: Change, words: str) -> None:
        """Note a change that was made, and what it was."""
        self._changes[change.target.layer] = change, words

    def forget(self, layer: object) -> None:
        """Let go of a layer that the viewer has dropped."""
        if isinstance(layer, Labels):
            self._changes.pop(layer, None)

    def find_before(self, layer: Labels, index: Index) -> Before:
        """Find what a part of a layer was before its last change, or as its network gave it.

        Parameters
        ----------
        layer
            The layer.
        index
            The part.

        Raises
        ------
        EditError
            If nothing differs from what is there now.
        """
        now = np.asarray(layer.data[index]).astype(np.int32)
        if layer in self._changes:
            change, words = self._changes[layer]
            before = _take_back(change, now.copy(), index)
            if (before != now).any():
                return Before(before, f"before {words}")
        given = self._read_given(layer, index)
        if given is None or not (given != now).any():
            raise EditError(
                f"nothing has changed in this plane of {layer.name!r}: use a tool, paint, "
                "or keep another iteration, then compare"
            )
        return Before(given, "as the network gave them")

    def _read_given(self, layer: Labels, index: Index) -> LabelMap | None:
        try:
            run = self._kept.find(layer)
        except ImageError:
            return None
        position = run.job.position
        if run.is_stack:
            position = tuple(None if isinstance(at, slice) else at for at in index)
        given = run.maps.read_labels(position)
        if given is None:
            return None
        shape = np.shape(layer.data[index])
        return run.job.wrap_labels(given).reshape(shape)


def _take_back(change: Change, labels: LabelMap, index: Index) -> LabelMap:
    """Take a change back in a part, but for pixels that were changed since."""
    if change.target.data is not change.target.layer.data:
        return labels
    pairs = list(zip(index, change.indices, strict=True))
    inside = np.ones(change.pixels, bool)
    for at, entries in pairs:
        if isinstance(at, int):
            inside &= entries == at
    where = tuple(entries[inside] for at, entries in pairs if isinstance(at, slice))
    found = labels[where]
    labels[where] = np.where(found == change.after[inside], change.before[inside], found)
    return labels
