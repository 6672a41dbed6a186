"""The last maps that a network gave, which tell what a user has painted since."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from napari_dynaseg.axes import Position
from napari_dynaseg.compressed_map import CompressedMap
from napari_dynaseg.labels import LabelMap

Mask = npt.NDArray[np.bool_]

# Undo can lead back to maps before the last one: so many are remembered of each plane.
MOST_REMEMBERED = 8


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


class NetworkMaps:
    """What a network gave for each plane of a layer.

    A pixel counts as painted when it differs from the network's map; events of painting would
    not do, since undo sends none. Once painted it stays so through later maps.
    """

    def __init__(self) -> None:
        self._maps: dict[Position, list[RememberedMap]] = {}

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
        maps = self._maps.setdefault(position, [])
        maps.append(remembered)
        del maps[:-MOST_REMEMBERED]

    def find_painted(self, position: Position, labels: LabelMap) -> Mask:
        """Find what the user has painted in a plane.

        The layer may have been led back by undo to an earlier map: that one counts from which
        the labels differ least.

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
        maps = self._maps.get(position)
        if not maps:
            return np.asarray(labels != 0)
        candidates = [remembered.find_painted(labels) for remembered in reversed(maps)]
        painted: Mask = min(candidates, key=np.count_nonzero)
        return painted

    def read_nearest(self, position: Position, labels: LabelMap) -> LabelMap:
        """Give that of the remembered maps of a plane from which labels, (H, W), differ least."""
        maps = [remembered.read_labels() for remembered in reversed(self._maps[position])]
        return min(maps, key=lambda remembered: np.count_nonzero(remembered != labels))

    def list_positions(self) -> list[Position]:
        """List the planes of which a map is remembered."""
        return list(self._maps)

    def read_labels(self, position: Position) -> LabelMap | None:
        """Give the last map of a plane, if there is one."""
        maps = self._maps.get(position)
        return maps[-1].read_labels() if maps else None
