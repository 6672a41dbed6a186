"""Notices when undo or redo crosses a refinement, so that the right map tells what is painted.

The pixels would not tell: a user may paint back exactly what a refinement has changed. No Qt.
"""

from typing import Any, NamedTuple

from napari.layers import Labels

from napari_dynaseg.network_maps import CurrentMaps, NetworkMaps


class Step(NamedTuple):
    """One refinement, as a step of a layer's history.

    Parameters
    ----------
    part
        The part of the step that napari keeps, the very object, through undo and redo.
    before, after
        Which maps of the network counted.
    """

    part: object
    before: CurrentMaps
    after: CurrentMaps


class MapFollower:
    """Leads the maps of a layer's network back and forth as undo and redo do the layer.

    Parameters
    ----------
    layer
        The layer; it is not kept alive.
    maps
        What the network gave for it.
    """

    def __init__(self, layer: Labels, maps: NetworkMaps) -> None:
        self._maps = maps
        self._steps: list[Step] = []
        self._done = 0  # so many of the steps are done, the others undone
        layer.events.set_data.connect(self._look)

    def add(self, layer: Labels, before: CurrentMaps) -> None:
        """Note a refinement that was written just now.

        Parameters
        ----------
        layer
            The layer.
        before
            Which maps counted before.
        """
        part = _list_history(layer, "_undo_history")[-1]
        self._steps[self._done :] = [Step(part, before, self._maps.list_current())]
        self._done += 1

    def _look(self, event: Any) -> None:
        undone = set(map(id, _list_history(event.source, "_redo_history")))
        done = set(map(id, _list_history(event.source, "_undo_history")))
        while self._done and id(self._steps[self._done - 1].part) in undone:
            self._done -= 1
            self._maps.return_to(self._steps[self._done].before)
        while self._done < len(self._steps) and id(self._steps[self._done].part) in done:
            self._maps.return_to(self._steps[self._done].after)
            self._done += 1


def _list_history(layer: Labels, name: str) -> list[Any]:
    """List the parts of all steps in a history of napari's, of which it tells nothing publicly."""
    return [part for step in getattr(layer, name) for part in step]
