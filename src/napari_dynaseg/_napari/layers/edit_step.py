"""One correction as one step of a label layer's history, exact to the pixel. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_dynaseg._napari.layers.edit_targets import Target, check_writable
from napari_dynaseg.errors import EditError
from napari_dynaseg.labels.numbering import LabelMap

# Longer axes than this are counted in eight bytes.
LARGEST_IN_TWO_BYTES = 1 << 16
CHANGED = "the labels were changed meanwhile, so nothing was done; do it again"


@dataclass(frozen=True, eq=False)
class Change:
    """Which pixels of a layer change, and to what.

    Parameters
    ----------
    target
        What was edited.
    indices
        One array for each axis of the layer, as numpy indexes; as small integers as will do.
    before, after
        The labels of these pixels.
    """

    target: Target
    indices: tuple[npt.NDArray[np.integer], ...]
    before: LabelMap
    after: LabelMap

    @classmethod
    def between(cls, target: Target, before: LabelMap, after: LabelMap) -> "Change":
        """Find what changed in the part of a layer that was edited."""
        changed = np.nonzero(before != after)
        found = iter(changed)
        indices = tuple(
            shrink_integers(
                next(found) if isinstance(at, slice) else np.full(len(changed[0]), at), size
            )
            for at, size in zip(target.index, target.data.shape, strict=True)
        )
        return cls(target, indices, before[changed], after[changed])

    @classmethod
    def join(cls, changes: "Sequence[Change]") -> "Change":
        """Make one of the changes of different parts of a layer."""
        indices = map(np.concatenate, zip(*(each.indices for each in changes), strict=True))
        before, after = (
            np.concatenate([getattr(each, side) for each in changes])
            for side in ("before", "after")
        )
        return cls(changes[0].target, tuple(indices), before, after)

    @property
    def pixels(self) -> int:
        """How many pixels change."""
        return len(self.before)

    @property
    def undo_bytes(self) -> int:
        """What the layer's history will keep of the step."""
        labels = 2 * self.pixels * int(np.dtype(self.target.data.dtype).itemsize)
        return labels + sum(index.nbytes for index in self.indices)

    def keep_unpainted(self) -> "Change":
        """Leave out the pixels that have changed in the layer since.

        Raises
        ------
        EditError
            If the layer has other data by now.
        """
        self._check_data()
        same = np.asarray(self.target.layer.data[self.indices]) == self.before
        if same.all():
            return self
        indices = tuple(index[same] for index in self.indices)
        return Change(self.target, indices, self.before[same], self.after[same])

    def write(self) -> None:
        """Write the change as one step that Ctrl+Z takes back.

        All is checked first: what fails half-way could not be taken back.

        Raises
        ------
        EditError
            If the layer cannot be changed, was changed meanwhile where it would be, or cannot
            hold the new labels.
        """
        layer = self.target.layer
        check_writable(layer)
        self._check_data()
        is_same = np.array_equal(np.asarray(layer.data[self.indices]), self.before)
        if not is_same or self._touches_new_paint():
            raise EditError(CHANGED)
        values = self.after.astype(layer.data.dtype)
        if (values != self.after).any():
            raise EditError(
                f"{layer.name!r} holds labels of {layer.data.dtype}, and would need "
                f"{int(self.after.max())}; convert its data type, or relabel it in sequence"
            )
        if self.pixels:
            with layer.block_history():
                layer.data_setitem(self.indices, values)

    def _check_data(self) -> None:
        if self.target.layer.data is not self.target.data:
            raise EditError(CHANGED)

    def _touches_new_paint(self) -> bool:
        """Tell whether something was painted meanwhile that may not change."""
        target = self.target
        if target.look_again is None:
            return False
        pairs = zip(target.index, self.indices, strict=True)
        inner = tuple(index for at, index in pairs if isinstance(at, slice))
        return bool(target.look_again()[inner].any())


def shrink_integers(index: npt.NDArray[np.integer], size: int) -> npt.NDArray[Any]:
    """Store places on an axis of some length in as few bytes as will do."""
    return index.astype(np.uint16 if size <= LARGEST_IN_TWO_BYTES else np.int64)
