"""The last maps that a network gave, which tell what a user has painted since."""

from typing import NamedTuple

import numpy as np

from napari_dynaseg.image.axes import Position
from napari_dynaseg.labels.compressed_map import CompressedMap
from napari_dynaseg.labels.numbering import LabelMap, Mask


class RememberedMap(NamedTuple):
    """A label map and what was painted in it by then; compressed to a fiftieth or so."""

    labels: CompressedMap
    painted: CompressedMap

    @classmethod
    def of(cls, labels: LabelMap, painted: Mask) -> "RememberedMap":
        """Compress a map, (H, W)."""
        return cls(CompressedMap.of(labels), CompressedMap.of(painted))

    def read_labels(self) -> LabelMap:
        """Give the label map back."""
        return self.labels.read()

    def read_painted(self) -> Mask:
        """Give the mask back."""
        painted: Mask = self.painted.read() != 0
        return painted

    def find_painted(self, labels: LabelMap) -> Mask:
        """Tell which pixels were painted: before, or since then."""
        differs: Mask = labels != self.read_labels()
        return self.read_painted() | differs


CurrentMaps = dict[Position, RememberedMap]


class NetworkMaps:
    """What a network gave for each plane of a layer.

    A pixel counts as painted when it differs from the network's map; events of painting would
    not do, since undo sends none. Once painted it stays so through later maps. Undo can lead back
    to an earlier map; whoever notices that tells which one counts.
    """

    def __init__(self) -> None:
        self._current: CurrentMaps = {}

    def remember(self, position: Position, labels: LabelMap, painted: Mask | None = None) -> None:
        """Remember the map that a network gives for a plane from now on.

        Parameters
        ----------
        position
            The plane.
        labels
            (H, W), as the layer shows it.
        painted
            (H, W), the pixels of it that the user has painted; by default none.
        """
        painted = np.zeros(labels.shape, bool) if painted is None else painted
        self.add(position, RememberedMap.of(labels, painted))

    def add(self, position: Position, remembered: RememberedMap) -> None:
        """Remember a map that was compressed before, maybe in another thread."""
        self._current[position] = remembered

    def list_current(self) -> CurrentMaps:
        """List the maps that count now."""
        return dict(self._current)

    def return_to(self, maps: CurrentMaps) -> None:
        """Let maps count that `list_current` gave before."""
        self._current = dict(maps)

    def mark_painted(self, position: Position, painted: Mask) -> None:
        """Take pixels of the map of a plane for painted, whatever labels they have.

        Parameters
        ----------
        position
            The plane, of which a map is remembered.
        painted
            (H, W).
        """
        current = self._current[position]
        painted = current.read_painted() | painted
        self._current[position] = RememberedMap.of(current.read_labels(), painted)

    def find_painted(self, position: Position, labels: LabelMap) -> Mask:
        """Find what the user has painted in a plane.

        Parameters
        ----------
        position
            The plane; one of which no map is remembered has nothing painted but its labels.
        labels
            (H, W), as the layer shows it now.

        Returns
        -------
        numpy.ndarray
            bool, (H, W).
        """
        current = self._current.get(position)
        return np.asarray(labels != 0) if current is None else current.find_painted(labels)

    def list_positions(self) -> list[Position]:
        """List the planes of which a map is remembered."""
        return list(self._current)

    def read_labels(self, position: Position) -> LabelMap | None:
        """Give the map of a plane, if there is one."""
        current = self._current.get(position)
        return None if current is None else current.read_labels()
