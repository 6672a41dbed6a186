"""The recipes and networks that belong to the states of a layer, through undo and redo. No Qt."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from napari.layers import Labels
from psygnal import Signal

from napari_dynaseg._napari.edit_step import Change
from napari_dynaseg.labels import LabelMap

if TYPE_CHECKING:
    from napari_dynaseg.trained import TrainedNetwork

# They are read whenever the layer is drawn, maybe from the disk.
MOST_PIXELS = 100
# Of them so many must be as the step has left them, or as they were before it.
SURE_SHARE = 0.9


class State(NamedTuple):
    """What belongs to the labels of a layer.

    Parameters
    ----------
    metadata
        The recipe, and the map that it makes.
    keep_network
        Gives the network, if there is one.
    """

    metadata: dict[str, Any]
    keep_network: "Callable[[], TrainedNetwork] | None"


class LayerStates:
    """Notices to which of its states a layer is led, of which napari tells nothing.

    Parameters
    ----------
    layer
        The layer.
    """

    turned = Signal(object, object)  # the layer, and the state that undo or redo has led it to

    def __init__(self, layer: Labels) -> None:
        self._states: list[State] = []
        self._steps: list[_Step] = []
        self._now = 0
        layer.events.set_data.connect(self._look)

    def add(self, change: Change, before: State, after: State, telling: int = 0) -> None:
        """Note a step from one state to another, which the layer is in now.

        Parameters
        ----------
        change
            The step, as it was written just now.
        before, after
            The states.
        telling
            So many of its first pixels tell whether it is done; by default all.
        """
        self._states[self._now :] = [before, after]
        self._steps[self._now :] = [_Step.of(change, telling or change.pixels)]
        self._now += 1

    def forget_undone(self) -> None:
        """Forget steps that were undone, before another is written, which ends their redo."""
        del self._states[self._now + 1 :], self._steps[self._now :]

    def _look(self, event: Any) -> None:
        layer: Labels = event.source
        found = self._now
        while found and self._steps[found - 1].is_undone(layer):
            found -= 1
        while found < len(self._steps) and self._steps[found].is_done(layer):
            found += 1
        if found != self._now:
            self._now = found
            self.turned.emit(layer, self._states[found])


class _Step(NamedTuple):
    """Some pixels that a step has changed, spread over all that it did."""

    pixels: tuple[npt.NDArray[np.integer], ...]
    before: LabelMap
    after: LabelMap

    @classmethod
    def of(cls, change: Change, telling: int) -> "_Step":
        places = np.linspace(0, telling - 1, min(MOST_PIXELS, telling)).astype(int)
        pixels = tuple(index[places] for index in change.indices)
        return cls(pixels, change.before[places], change.after[places])

    def is_undone(self, layer: Labels) -> bool:
        return self._agrees(layer, self.before)

    def is_done(self, layer: Labels) -> bool:
        return self._agrees(layer, self.after)

    def _agrees(self, layer: Labels, labels: LabelMap) -> bool:
        return bool((np.asarray(layer.data[self.pixels]) == labels).mean() >= SURE_SHARE)
