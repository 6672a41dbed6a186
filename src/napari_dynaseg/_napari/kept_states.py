"""The iterations of a run that were kept, one after the other; undo leads back to their recipes."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.layers import Labels
from psygnal import Signal

from napari_dynaseg.compressed_map import CompressedMap

if TYPE_CHECKING:
    from napari_dynaseg.trained import TrainedNetwork

MOST_STATES = 20
# Pixels that tell two states apart; they are read whenever the layer is drawn.
PIXELS_A_PAIR = 100


@dataclass(frozen=True, eq=False)
class State:
    """What belongs to the labels of an iteration.

    Parameters
    ----------
    labels
        Those of the layer, all its axes.
    metadata
        The recipe, and the map that it makes.
    keep_network
        Gives the network, if there is one.
    iteration
        Its number.
    """

    labels: CompressedMap
    metadata: dict[str, Any]
    keep_network: "Callable[[], TrainedNetwork] | None"
    iteration: int


class KeptStates:
    """Notices to which of its states a layer is led back, of which napari tells nothing.

    Of the labels some pixels are read that tell the states apart: the state counts that agrees
    with most of them. Paint over a few of them changes nothing.

    Parameters
    ----------
    layer
        The layer.
    """

    turned = Signal(object, object)  # the layer, and the state that undo or redo has led it to

    def __init__(self, layer: Labels) -> None:
        self._states: list[State] = []
        self._pixels: tuple[npt.NDArray[np.integer], ...] = ()
        self._values = np.zeros((0, 0), np.int32)  # (states, pixels)
        self._now = 0
        layer.events.set_data.connect(self._look)

    @property
    def now(self) -> State | None:
        """The state that the layer is in, if any was kept."""
        return self._states[self._now] if self._states else None

    def add(self, before: State, after: State) -> None:
        """Note a step from one state to another, which the layer is in now."""
        if self._states:
            self._states[self._now] = before
        self._states = [*(self._states or [before]), after][-MOST_STATES:]
        self._now = len(self._states) - 1
        self._choose_pixels()

    def _choose_pixels(self) -> None:
        maps = [state.labels.read() for state in self._states]
        pairs = [(maps[-1], other) for other in maps[:-1]]
        pairs += pairwise(maps)
        chosen = [_spread(np.flatnonzero(one != other)) for one, other in pairs]
        flat = np.unique(np.concatenate(chosen))
        self._pixels = np.unravel_index(flat, maps[0].shape)
        self._values = np.stack([labels.ravel()[flat] for labels in maps])

    def _look(self, event: Any) -> None:
        layer: Labels = event.source
        agreeing = (np.asarray(layer.data[self._pixels]) == self._values).sum(axis=1)
        if not len(agreeing):
            return
        best = int(agreeing.argmax())
        is_sure = 2 * agreeing[best] > self._values.shape[1]
        if is_sure and agreeing[best] > agreeing[self._now]:
            self._now = best
            self.turned.emit(layer, self._states[best])


def _spread(pixels: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    """Choose some of many pixels, evenly."""
    return pixels[:: max(1, len(pixels) // PIXELS_A_PAIR)]
