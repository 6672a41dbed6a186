"""Where the label maps of a stack go, plane by plane: a protocol, an array, and scribbles kept."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from napari_dynaseg.image.axes import Axes, Position
from napari_dynaseg.labels.numbering import LabelMap

# The note under which a result keeps the network that its stack was begun with.
NETWORK = "network"


class Results(Protocol):
    """Where the label maps of a stack go, and small notes that a stopped run goes on from."""

    def is_finished(self, position: Position) -> bool:
        """Tell whether a plane was written."""

    def read_plane(self, position: Position) -> LabelMap:
        """Read the labels of a plane that was written, (H, W)."""

    def write_plane(self, position: Position, labels: LabelMap) -> None:
        """Write the labels of a plane, (H, W), and mark it as finished."""

    def read_note(self, name: str) -> bytes | None:
        """Read a note, if there is one of that name."""

    def write_note(self, name: str, content: bytes) -> None:
        """Write a note."""

    def remove_note(self, name: str) -> None:
        """Remove a note, if there is one of that name."""


class PlanesInMemory:
    """The label maps of a stack in one array.

    Parameters
    ----------
    array
        int32, written in place: the sizes of the stack axes and of the plane, 1 on the axis of
        the channels.
    axes
        How its axes are read.
    """

    def __init__(self, array: npt.NDArray[np.int32], axes: Axes) -> None:
        self.array, self.axes = array, axes
        self._finished: set[Position] = set()
        self._notes: dict[str, bytes] = {}

    def is_finished(self, position: Position) -> bool:
        """Tell whether a plane was written."""
        return position in self._finished

    def read_plane(self, position: Position) -> LabelMap:
        """Read the labels of a plane that was written, (H, W)."""
        return self._see(position)

    def write_plane(self, position: Position, labels: LabelMap) -> None:
        """Write the labels of a plane, (H, W), and mark it as finished."""
        self._see(position)[...] = labels
        self._finished.add(position)

    def _see(self, position: Position) -> LabelMap:
        return self.axes.turn(self.array[self.axes.index_labels(position)])

    def read_note(self, name: str) -> bytes | None:
        """Read a note, if there is one of that name."""
        return self._notes.get(name)

    def write_note(self, name: str, content: bytes) -> None:
        """Write a note."""
        self._notes[name] = content

    def remove_note(self, name: str) -> None:
        """Remove a note, if there is one of that name."""
        self._notes.pop(name, None)


class ScribbledResults:
    """Results that keep scribbles on one of the planes as they were scribbled.

    Parameters
    ----------
    results
        Where the label maps go.
    position
        The plane.
    scribbled
        (H, W), 0 where nothing was scribbled.
    """

    def __init__(self, results: Results, position: Position, scribbled: LabelMap) -> None:
        self._results, self._position, self._scribbled = results, position, scribbled
        self.is_finished, self.read_plane = results.is_finished, results.read_plane
        self.read_note, self.write_note = results.read_note, results.write_note
        self.remove_note = results.remove_note

    def write_plane(self, position: Position, labels: LabelMap) -> None:
        """Write the labels of a plane, (H, W), and mark it as finished."""
        if position == self._position:
            labels = np.where(self._scribbled != 0, self._scribbled, labels)
        self._results.write_plane(position, labels)


def keep_scribbles(results: Results, position: Position, scribbled: LabelMap | None) -> Results:
    """Keep scribbles on a plane of the results, if there are some."""
    return results if scribbled is None else ScribbledResults(results, position, scribbled)
