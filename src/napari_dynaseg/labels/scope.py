"""What an edit of a label map works on, what it may change, and which numbers are new."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from napari_dynaseg.errors import EditError
from napari_dynaseg.labels.numbering import LabelMap, Mask


@dataclass(frozen=True, eq=False)
class Scope:
    """What an edit works on, and what limits it; by default nothing does.

    Parameters
    ----------
    chosen
        The pixels that an edit works on; by default all but label 0.
    where
        The only pixels that may change; by default all.
    locked
        Labels that neither lose nor gain a pixel.
    above
        The highest number in use elsewhere; new ones begin above it and above those of the map.
    """

    chosen: Mask | None = None
    where: Mask | None = None
    locked: Collection[int] = ()
    above: int = 0

    def choose(self, labels: LabelMap) -> Mask:
        """Settle which pixels the edit works on: none of a locked label.

        Raises
        ------
        EditError
            If `chosen` has another shape.
        """
        _check_shape(labels, self.chosen)
        pixels: Mask = labels != 0
        if self.chosen is not None:
            pixels &= self.chosen
        if self.locked:
            pixels &= ~find_locked(labels, self.locked)
        return pixels

    def limit(self, labels: LabelMap, edited: LabelMap) -> LabelMap:
        """Take over an edit where it is allowed; neither map is changed.

        Raises
        ------
        EditError
            If `where` has another shape.
        """
        _check_shape(labels, self.where)
        allowed = labels != edited
        if self.where is not None:
            allowed &= self.where
        if self.locked:
            allowed &= ~find_locked(labels, self.locked) & ~find_locked(edited, self.locked)
        limited: LabelMap = np.where(allowed, edited, labels)
        return limited

    def number(self, labels: LabelMap, count: int) -> LabelMap:
        """Give so many numbers that are new to a map, and not locked.

        Raises
        ------
        EditError
            If int32 has no more numbers.
        """
        first = max(int(labels.max(initial=0)), self.above, *self.locked, 0) + 1
        if first + count - 1 > np.iinfo(np.int32).max:
            raise EditError(
                "the labels are numbered too high for new ones; relabel them in sequence"
            )
        return np.arange(first, first + count, dtype=np.int32)


# The whole map.
EVERYWHERE = Scope()


def find_locked(labels: LabelMap, locked: Collection[int]) -> Mask:
    """Find the pixels of locked labels."""
    found: Mask = np.isin(labels, list(locked))
    return found


def _check_shape(labels: LabelMap, mask: Mask | None) -> None:
    if mask is not None and mask.shape != labels.shape:
        raise EditError(f"expected a mask of shape {labels.shape}; got {mask.shape}")
