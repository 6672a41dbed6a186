"""Where the label maps of a stack go, plane by plane, where they are kept in memory."""

import numpy as np
import numpy.typing as npt

from napari_dynaseg.image.axes import Axes, Position
from napari_dynaseg.labels.numbering import LabelMap

# The note under which a result keeps the network that its stack was begun with.
NETWORK = "network"


def name_note(name: str, position: Position) -> str:
    """Name the note of a plane, such as ``network-3-0``."""
    return "-".join([name, *(str(at) for at in position if at is not None)])


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
        return self.axes.turn(self.array[self.axes.index_labels(position)])

    def write_plane(self, position: Position, labels: LabelMap) -> None:
        """Write the labels of a plane, (H, W), and mark it as finished."""
        self.array[self.axes.index_labels(position)] = self.axes.turn(labels)
        self._finished.add(position)

    def show_plane(self, position: Position, labels: LabelMap) -> None:
        """Show labels of a plane, (H, W), until it is finished; then do nothing."""
        if not self.is_finished(position):
            self.array[self.axes.index_labels(position)] = self.axes.turn(labels)

    def read_note(self, name: str) -> bytes | None:
        """Read a note, if there is one of that name."""
        return self._notes.get(name)

    def write_note(self, name: str, content: bytes) -> None:
        """Write a note."""
        self._notes[name] = content

    def remove_note(self, name: str) -> None:
        """Remove a note, if there is one of that name."""
        self._notes.pop(name, None)
