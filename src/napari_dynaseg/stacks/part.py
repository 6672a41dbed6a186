"""The same part of every plane of a stack: read as planes of its own, and put back as labels."""

from dataclasses import dataclass, fields

from napari_dynaseg.files.sinks import Results
from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.stack_image import Channels, StackImage
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.region_of_interest import Within


@dataclass(frozen=True, eq=False)
class StackPart(StackImage):
    """A stack of which only a part of each plane is seen, as `Within.crop` gives it.

    Parameters
    ----------
    within
        The part; by default the whole plane.
    """

    within: Within | None = None

    @classmethod
    def of(cls, stack: StackImage, within: Within) -> "StackPart":
        """Limit a stack."""
        parts = {each.name: getattr(stack, each.name) for each in fields(StackImage)}
        return cls(**parts, within=within)

    def read_channels(self, position: Position) -> Channels:
        """Read the part of one plane, (C, height of the box, width of the box).

        Raises
        ------
        FileError
            If it cannot be read.
        ImageError
            If the part is of a plane of another shape.
        """
        channels = super().read_channels(position)
        return self.within.crop(channels) if self.within else channels


class PlacedResults:
    """Results that take the labels of a part of each plane, and keep whole planes.

    Parameters
    ----------
    results
        Where the planes go.
    within
        The part; outside the labels are 0.
    """

    def __init__(self, results: Results, within: Within) -> None:
        self._results, self._within = results, within
        self.is_finished = results.is_finished
        self.read_note, self.write_note = results.read_note, results.write_note
        self.remove_note = results.remove_note

    def read_plane(self, position: Position) -> LabelMap:
        """Read the labels of the part of a plane that was written, as its pixels are read."""
        labels: LabelMap = self._within.crop(self._results.read_plane(position)[None])[0]
        return labels

    def write_plane(self, position: Position, labels: LabelMap) -> None:
        """Write the labels of the part of a plane, and mark the plane as finished."""
        self._results.write_plane(position, self._within.place(labels))
