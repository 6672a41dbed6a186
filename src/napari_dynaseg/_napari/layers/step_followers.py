"""What follows a step of history through undo and redo: rows and colours of its labels. No Qt."""

from collections.abc import Mapping

import numpy as np
from napari.layers import Labels

from napari_dynaseg._napari.layers.classes import (
    Displaced,
    follow_new_labels,
    follow_renumbering,
    put_rows,
    take_rows,
)
from napari_dynaseg._napari.layers.edit_step import Change

# They are read whenever the layer is drawn, maybe from the disk.
MOST_PIXELS = 5


class StepFollower:
    """Notices whether a step is undone or done again, of which napari tells nothing.

    Parameters
    ----------
    change
        The step, as it was written just now.
    """

    def __init__(self, change: Change) -> None:
        self.layer: Labels = change.target.layer
        self._shape = self.layer.data.shape
        # A pixel of each of some labels tells by its number which way round the layer is.
        first = np.unique(change.after, return_index=True)[1][-MOST_PIXELS:]
        self._pixels = tuple(index[first] for index in change.indices)
        self._before, self._after = change.before[first], change.after[first]
        self._is_done = True
        self.layer.events.set_data.connect(self._look)

    def forget(self) -> None:
        """Follow the layer no longer."""
        self.layer.events.set_data.disconnect(self._look)

    def _look(self, _event: object = None) -> None:
        if self.layer.data.shape != self._shape:
            return
        numbers = np.asarray(self.layer.data[self._pixels])
        was, is_now = (int((numbers == side).sum()) for side in (self._before, self._after))
        if was != is_now and (is_now > was) != self._is_done:
            self._is_done = is_now > was
            self._turn(self._is_done)

    def _turn(self, is_done: bool) -> None:
        """Bring rows and colours to the step as done, or as undone."""
        raise NotImplementedError


class Renumbering(StepFollower):
    """Rows and colours that move with labels to other numbers.

    Parameters
    ----------
    change
        The step.
    renumbered
        The new number of each label that has one.
    """

    def __init__(self, change: Change, renumbered: Mapping[int, int]) -> None:
        super().__init__(change)
        self._forth = renumbered
        self._back = {new: old for old, new in renumbered.items()}
        self._displaced: Displaced = follow_renumbering(self.layer, self._forth)

    def _turn(self, is_done: bool) -> None:
        renumbered = self._forth if is_done else self._back
        self._displaced = follow_renumbering(self.layer, renumbered, self._displaced)


class NewLabels(StepFollower):
    """Rows of labels that a step has made.

    Parameters
    ----------
    change
        The step.
    origins
        For each new label the one before.
    wants_rows
        Whether labels without a class have a row too.
    """

    def __init__(self, change: Change, origins: Mapping[int, int], wants_rows: bool) -> None:
        super().__init__(change)
        self._numbers = list(origins)
        # An earlier label may have had the same number.
        self._rows = take_rows(self.layer, self._numbers)
        follow_new_labels(self.layer, origins, wants_rows)

    def _turn(self, _is_done: bool) -> None:
        rows = take_rows(self.layer, self._numbers)
        put_rows(self.layer, self._rows)
        self._rows = rows
