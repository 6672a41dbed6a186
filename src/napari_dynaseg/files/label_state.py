"""All of a label layer but its pixels, as plain values that a file can hold."""

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import Field

from napari_dynaseg.errors import FileError
from napari_dynaseg.files.ome_labels import describe_labels
from napari_dynaseg.image.axes import Axes, read_axes
from napari_dynaseg.record import Record

# Under this key a file holds the state of its layer.
STATE_KEY = "dynaseg_layer"

Floats = tuple[float, ...]
Matrix = tuple[Floats, ...]
Colour = tuple[float, float, float, float]


class Column(Record):
    """A column of the table of features.

    Parameters
    ----------
    name, dtype
        As pandas calls them.
    values
        One a row, `None` where it is missing; infinities are texts, which JSON can hold.
    """

    name: str
    dtype: str
    values: tuple[Any, ...]


class LabelColours(Record):
    """A colour for each of some labels.

    Parameters
    ----------
    labels
        Pairs of a label and its colour, RGBA from 0 to 1; the label `None` stands for all others.
    background
        The label that is transparent.
    """

    labels: tuple[tuple[int | None, Colour], ...]
    background: int = 0


class ColourCycle(Record):
    """Colours that labels take in turn, RGBA from 0 to 1."""

    colours: tuple[Colour, ...]
    background: int = 0


class LayerState(Record):
    """All of a label layer but its pixels; what is empty or `None` is not known.

    Parameters
    ----------
    name
        Of the layer.
    scale, translate, rotate, shear, affine, units, axis_labels
        Where it lies, as napari has it.
    opacity, blending, visible
        How it is shown.
    colours
        Of the labels, where the user has set them.
    features
        The table of its labels, by columns.
    metadata
        As far as JSON can hold them; the recipe is among them.
    """

    format: Literal[1] = 1
    name: str
    scale: Floats = ()
    translate: Floats = ()
    rotate: Matrix = ()
    shear: Floats | Matrix = ()
    affine: Matrix = ()
    units: tuple[str, ...] = ()
    axis_labels: tuple[str, ...] = ()
    opacity: float | None = None
    blending: str | None = None
    visible: bool | None = None
    colours: LabelColours | ColourCycle | None = None
    features: tuple[Column, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)

    def to_plain(self) -> dict[str, Any]:
        """Give the state as values that JSON can hold."""
        return self.model_dump(mode="json", exclude_defaults=True) | {"format": self.format}

    @classmethod
    def from_plain(cls, plain: Any) -> Self:
        """Read a state back.

        Raises
        ------
        FileError
            If this version does not understand it.
        """
        return cls.read(plain, "the layer")

    def find_axes(self, shape: Sequence[int]) -> Axes:
        """Find which axes of the labels make planes: those called y and x, else the last two.

        Raises
        ------
        FileError
            If the shape has no plane.
        """
        if len(shape) < 2 or 0 in shape:
            raise FileError(f"a label layer must have a plane of pixels; got shape {tuple(shape)}")
        labels = self.axis_labels or ("",) * len(shape)
        lowered = [label.lower() for label in labels]
        named = lowered.count("y") == lowered.count("x") == 1
        plane = (lowered.index("y"), lowered.index("x")) if named else (-2, -1)
        displayed = [axis % len(shape) for axis in plane]
        return read_axes(shape, labels, displayed, channel=None)

    def describe_ome(self, axes: Axes) -> dict[str, Any]:
        """Describe the layer as OME-Zarr wants it, for other readers."""
        return describe_labels(
            axes, self.scale, self.units, self.translate, self._describe_each_label()
        )

    def _describe_each_label(self) -> dict[str, Any]:
        table = {column.name: column.values for column in self.features}
        rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
        properties = [
            {"label-value": row.pop("index"), **row} for row in rows if _is_label(row.get("index"))
        ]
        pairs = self.colours.labels if isinstance(self.colours, LabelColours) else ()
        colours = [
            {"label-value": label, "rgba": [round(255 * part) for part in colour]}
            for label, colour in pairs
            if label is not None
        ]
        parts = {"colors": colours, "properties": properties}
        return {name: part for name, part in parts.items() if part}


def _is_label(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
