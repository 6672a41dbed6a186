"""The mouse on a label layer while a tool waits for clicks or a line. No Qt."""

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
from napari.layers import Labels
from psygnal import Signal

World = tuple[float, ...]

# A drag shorter than this, in pixels of the screen, is a click.
SHORTEST_LINE = 6
KEYS = ("Escape", "Enter")


class Clicking:
    """Takes the mouse of a layer until `stop`, Escape, or another mode of the layer.

    Meanwhile the layer is in its picking mode, in which a drag does not move the view, and a
    double click does not zoom.

    Parameters
    ----------
    layer
        The label layer.
    on_line
        Called with the points of the world under a drag, or with one for a click.
    on_move
        Called with the points of the canvas while the mouse is dragged, with none in the end.
    on_key
        Called with Escape or Enter.
    """

    stopped = Signal()

    def __init__(
        self,
        layer: Labels,
        on_line: Callable[[list[World]], None],
        on_move: Callable[[list[tuple[int, int]]], None],
        on_key: Callable[[str], None],
    ) -> None:
        self.layer = layer
        self._on_line, self._on_move = on_line, on_move
        self._mode, self._selected = layer.mode, layer.selected_label
        layer.mode = "pick"
        layer.mouse_drag_callbacks.append(self._follow)
        layer.events.mode.connect(self._on_mode)
        for key in KEYS:
            layer.bind_key(key, lambda _layer, key=key: on_key(key), overwrite=True)

    def stop(self) -> None:
        """Give the mouse back."""
        self._let_go()
        self.layer.mode = self._mode

    def _on_mode(self, _event: object) -> None:
        """Give way to a mode that the user has chosen."""
        self._let_go()

    def _let_go(self) -> None:
        self.layer.events.mode.disconnect(self._on_mode)
        self.layer.mouse_drag_callbacks.remove(self._follow)
        for key in KEYS:
            self.layer.bind_key(key, None)
        self.layer.selected_label = self._selected
        self._on_move([])
        self.stopped.emit()

    def _follow(self, _layer: Labels, event: Any) -> Generator[None, None, None]:
        if event.button != 1:
            return
        worlds, pixels = [tuple(event.position)], [tuple(event.pos)]
        yield
        while event.type == "mouse_move":
            worlds.append(tuple(event.position))
            pixels.append(tuple(event.pos))
            self._on_move(pixels)
            yield
        self._on_move([])
        is_line = np.ptp(pixels, axis=0).max() >= SHORTEST_LINE
        self._on_line(worlds if is_line else worlds[:1])
