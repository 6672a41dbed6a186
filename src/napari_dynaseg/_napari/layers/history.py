"""What follows a layer through undo and redo, of which napari tells nothing. No Qt."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from napari.layers import Labels
from psygnal import Signal

from napari_dynaseg._napari.layers.classes import (
    follow_new_labels,
    follow_renumbering,
    put_rows,
    take_rows,
)

# Brings what belongs to a layer to a step as done, or as undone. It must not keep the layer.
Turn = Callable[[Labels, bool], None]


class History:
    """Notices to which of its steps a layer is led.

    The pixels would not tell: a user may paint back exactly what a step has changed.

    Parameters
    ----------
    layer
        The layer; it is not kept alive.
    """

    turned = Signal()

    def __init__(self, layer: Labels) -> None:
        # With each the very object that napari keeps of it.
        self._steps: list[tuple[object, Turn]] = []
        self._now = 0
        layer.events.set_data.connect(self._look)

    def add(self, layer: Labels, turn: Turn) -> None:
        """Let something turn with the step that was written just now."""
        done = _list_steps(layer._undo_history)
        # Those that napari has forgotten will not turn any more.
        known = [step for step in self._steps[: self._now] if id(step[0]) in done]
        self._steps = [*known, (list(done.values())[-1], turn)]
        self._now = len(self._steps)

    def _look(self, event: Any) -> None:
        layer: Labels = event.source
        done, undone = map(_list_steps, (layer._undo_history, layer._redo_history))
        while self._now and id(self._steps[self._now - 1][0]) in undone:
            self._now -= 1
            self._turn(layer, self._now, False)
        while self._now < len(self._steps) and id(self._steps[self._now][0]) in done:
            self._now += 1
            self._turn(layer, self._now - 1, True)

    def _turn(self, layer: Labels, at: int, is_done: bool) -> None:
        self._steps[at][1](layer, is_done)
        self.turned.emit()


def _list_steps(history: Iterable[list[object]]) -> dict[int, object]:
    """List what napari keeps of the steps of a history; ours are of one part each."""
    return {id(step[0]): step[0] for step in history}


def renumber_rows(layer: Labels, renumbered: Mapping[int, int]) -> Turn:
    """Let rows and colours move with labels that a step has given other numbers, all different."""
    back = {new: old for old, new in renumbered.items()}
    displaced = follow_renumbering(layer, renumbered)

    def turn(layer: Labels, is_done: bool) -> None:
        nonlocal displaced
        displaced = follow_renumbering(layer, renumbered if is_done else back, displaced)

    return turn


def make_rows(layer: Labels, origins: Mapping[int, int], wants_rows: bool) -> Turn:
    """Make rows of labels that are new by a step, as `classes.follow_new_labels` does."""
    # An earlier label may have had the same number.
    other = take_rows(layer, list(origins))
    follow_new_labels(layer, origins, wants_rows)

    def turn(layer: Labels, _is_done: bool) -> None:
        nonlocal other
        rows = take_rows(layer, list(origins))
        put_rows(layer, other)
        other = rows

    return turn
