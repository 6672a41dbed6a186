"""The planes of a stack as a network sees and labels them: a part of each, scribbles as drawn."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dynaseg.files.sinks import PlanesInMemory
from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.stack_image import Channels, StackImage
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.region_of_interest import RegionOfInterest

if TYPE_CHECKING:
    from napari_dynaseg.files.label_store import LabelStore


@dataclass(frozen=True, eq=False)
class SeenPlanes:
    """Where a network reads planes, and where it writes their labels.

    Parameters
    ----------
    stack
        The image.
    results
        Where the labels go, whole planes.
    start
        The plane that the network was trained on.
    within
        The part of each plane that is seen; outside the labels are 0. By default all of it.
    scribbled
        (H, W), labels that the start keeps as they were drawn, 0 elsewhere; by default none.
    """

    stack: StackImage
    results: "LabelStore | PlanesInMemory"
    start: Position
    within: RegionOfInterest | None = None
    scribbled: LabelMap | None = None

    def read_channels(self, position: Position) -> Channels:
        """Read what is seen of a plane, (C, height, width), its values as they are stored.

        Raises
        ------
        FileError
            If it cannot be read.
        ImageError
            If the part is of a plane of another shape.
        """
        channels = self.stack.read_channels(position)
        return self.within.crop(channels) if self.within else channels

    def read_labels(self, position: Position) -> LabelMap:
        """Read the labels of what is seen of a plane that was written."""
        labels = self.results.read_plane(position)
        return self.within.crop(labels[None])[0] if self.within else labels

    def write_labels(self, position: Position, labels: LabelMap) -> None:
        """Write the labels of what is seen of a plane, and mark the plane as finished."""
        if self.within:
            labels = self.within.place(labels)
        if self.scribbled is not None and position == self.start:
            labels = np.where(self.scribbled != 0, self.scribbled, labels)
        self.results.write_plane(position, labels)
