"""The recipes, networks and maps that belong to the states of a layer, through undo and redo."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from napari.layers import Labels
from psygnal import Signal

from napari_dynaseg.labels.network_maps import CurrentMaps
from napari_dynaseg.labels.numbering import LabelMap

if TYPE_CHECKING:
    from napari_dynaseg.recipes.trained_network import TrainedNetwork


class ToolStep(NamedTuple):
    """What a tool has changed, which no hand has painted.

    Parameters
    ----------
    maps
        What the network had given by then.
    indices, before, after
        As of `edit_step.Change`.
    """

    maps: CurrentMaps
    indices: tuple[npt.NDArray[np.integer], ...]
    before: LabelMap
    after: LabelMap


class State(NamedTuple):
    """What belongs to the labels of a layer.

    Parameters
    ----------
    metadata
        The recipe, and the map that it makes.
    keep_network
        Gives the network, if there is one.
    maps
        What the network gave, which tells what was painted.
    tools
        What tools have changed.
    """

    metadata: dict[str, Any]
    keep_network: "Callable[[], TrainedNetwork] | None"
    maps: CurrentMaps
    tools: tuple[ToolStep, ...] = ()


class LayerStates:
    """Notices to which of its states a layer is led, of which napari tells nothing.

    The pixels would not tell: a user may paint back exactly what a step has changed.

    Parameters
    ----------
    layer
        The layer; it is not kept alive.
    """

    turned = Signal(object, object)  # the layer, and the state that undo or redo has led it to

    def __init__(self, layer: Labels) -> None:
        self._states: list[State] = []
        self._steps: list[object] = []  # the very objects that napari keeps of them
        self._now = 0
        layer.events.set_data.connect(self._look)

    def add(self, layer: Labels, before: State, after: State) -> None:
        """Note a step from one state to another, which was written just now.

        Parameters
        ----------
        layer
            The layer.
        before, after
            The states.
        """
        self._states[self._now :] = [before, after]
        self._steps[self._now :] = [_list_history(layer, "_undo_history")[-1]]
        self._now += 1

    def _look(self, event: Any) -> None:
        layer: Labels = event.source
        undone = set(map(id, _list_history(layer, "_redo_history")))
        done = set(map(id, _list_history(layer, "_undo_history")))
        found = self._now
        while found and id(self._steps[found - 1]) in undone:
            found -= 1
        while found < len(self._steps) and id(self._steps[found]) in done:
            found += 1
        if found != self._now:
            self._now = found
            self.turned.emit(layer, self._states[found])


def _list_history(layer: Labels, name: str) -> list[object]:
    """List the parts of all steps in a history of napari's, of which it tells nothing publicly."""
    return [part for step in getattr(layer, name) for part in step]
