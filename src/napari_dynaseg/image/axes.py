"""Which axes of an image make the plane, which holds channels, and which are the stack."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any, Literal

import numpy.typing as npt

from napari_dynaseg.errors import ImageError

CHANNEL_NAMES = frozenset({"c", "ch", "channel", "channels"})
# Axes of these names lie in a plane as everyone draws them: Z above Y above X.
DRAWING_ORDER = ("z", "y", "x")
# For axes whose names are no letters of their own; Y, X, C and S have a meaning.
FREE_LETTERS = "ZTQRPNABDEFGHIJKLMOUVW"
# An axis without a name holds channels rather than planes when it is this short.
MOST_CHANNELS_GUESSED = 4
SHORTEST_STACK_GUESSED = 2

# Index of a plane on each axis of an image; `None` on an axis that is used whole.
Position = tuple[int | None, ...]


@dataclass(frozen=True)
class Axes:
    """How the axes of an image are read.

    Parameters
    ----------
    names
        One name an axis, colour samples of RGB not counted.
    sizes
        One length an axis, likewise.
    plane
        The axes of the rows and of the columns of the plane that is segmented.
    channel
        The axis whose entries are the channels of the plane, if there is one.
    samples
        Colour samples a pixel: 3 for RGB, 4 for RGBA, 0 where the image is not coloured.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    plane: tuple[int, int]
    channel: int | None = None
    samples: int = 0

    @property
    def stack(self) -> tuple[int, ...]:
        """The axes that are neither plane nor channel."""
        return tuple(
            axis for axis in range(len(self.sizes)) if axis not in (*self.plane, self.channel)
        )

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Rows and columns of the plane."""
        row, column = self.plane
        return self.sizes[row], self.sizes[column]

    @property
    def label_sizes(self) -> tuple[int, ...]:
        """Lengths of the axes of labels of all planes: those of the image, but 1 for channels."""
        return tuple(1 if axis == self.channel else size for axis, size in enumerate(self.sizes))

    @property
    def letters(self) -> str:
        """One letter an axis, by which `parse_axes` reads the same: Y and X for the plane."""
        known = dict(zip(self.plane, "YX", strict=True))
        if self.channel is not None:
            known[self.channel] = "C"
        for axis in self.stack:
            name = self.names[axis].upper()
            if len(name) == 1 and name.isalpha() and name not in {*"YXCS", *known.values()}:
                known[axis] = name
        free = (letter for letter in FREE_LETTERS if letter not in known.values())
        letters = [known.get(axis) or next(free) for axis in range(len(self.sizes))]
        return "".join(letters) + "S" * bool(self.samples)

    @property
    def sentence(self) -> str:
        """The reading in one line, such as ``T=20 · C=3 used as channels · Y×X segmented``."""
        return " · ".join([*self.describe_others(), self.describe_plane()])

    def describe_others(self) -> list[str]:
        """Say of each axis outside the plane, and of colour samples, how it is used."""
        parts = [self._describe(axis) for axis in range(len(self.sizes)) if axis not in self.plane]
        if self.samples:
            parts.append("RGB used as channels" + ", alpha left out" * (self.samples == 4))
        return parts

    def describe_plane(self) -> str:
        """Say which axes are segmented."""
        return f"{self.name_plane(self.plane)} segmented"

    def name_plane(self, plane: tuple[int, int]) -> str:
        """Name a pair of axes, such as ``Y×X``."""
        return "×".join(self.names[axis] for axis in plane)

    def list_planes(self) -> list[tuple[int, int]]:
        """List the pairs of axes that may be segmented, those at the end of the data first.

        In each pair the rows come before the columns. Axes of one entry make no plane.
        """
        long = [axis for axis in reversed(range(len(self.sizes))) if self.sizes[axis] > 1]
        return [_order_plane(pair, self.names) for pair in combinations(long, 2)]

    def _describe(self, axis: int) -> str:
        use = " used as channels" if axis == self.channel else ""
        return f"{self.names[axis]}={self.sizes[axis]}{use}"

    def use_as_channels(self, axis: int | None) -> "Axes":
        """Read another axis as the channels, or none.

        Raises
        ------
        ImageError
            If the axis does not exist or lies in the plane, or the channels are colours.
        """
        if axis is not None:
            if not 0 <= axis < len(self.sizes):
                raise ImageError(
                    f"there is no axis {axis}; expected one from 0 to {len(self.sizes) - 1}"
                )
            if axis in self.plane:
                raise ImageError(
                    f"axis {self.names[axis]} is segmented, and cannot hold the channels as well"
                )
            if self.samples:
                raise ImageError("the channels of a colour image are its colours")
        return replace(self, channel=axis)

    def list_positions(self) -> Iterator[Position]:
        """List the positions of all planes, the last stack axis running fastest."""
        stack = self.stack
        for indices in product(*(range(self.sizes[axis]) for axis in stack)):
            yield self.place(indices)

    def place(self, indices: Sequence[int]) -> Position:
        """Turn one index for each stack axis into a position."""
        position: list[int | None] = [None] * len(self.sizes)
        for axis, index in zip(self.stack, indices, strict=True):
            position[axis] = index
        return tuple(position)

    def index_labels(self, position: Position) -> tuple[int | slice, ...]:
        """Say where the labels of a plane lie in those of all planes, shape `label_sizes`."""
        return tuple(
            slice(None) if axis in self.plane else (at or 0) for axis, at in enumerate(position)
        )

    def turn(self, labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Turn labels of a plane, (H, W), into the order of the data, or back."""
        row, column = self.plane
        return labels if row < column else labels.T

    def describe_position(self, position: Position) -> str:
        """Name a plane, such as ``T=4, Z=0``; an image of one plane has ``the plane``."""
        parts = [
            f"{name}={index}"
            for name, index in zip(self.names, position, strict=True)
            if index is not None
        ]
        return ", ".join(parts) or "the plane"


def read_axes(
    sizes: Sequence[int],
    labels: Sequence[str],
    displayed: Sequence[int],
    samples: int = 0,
    channel: int | Literal["guess", "named"] | None = "guess",
) -> Axes:
    """Read the axes of an image from its labels, its shape and what the viewer displays.

    Parameters
    ----------
    sizes
        Length of each axis, colour samples not counted.
    labels
        Label of each axis; a bare number (a viewer's default) or an empty text means nothing.
    displayed
        The two axes on view.
    samples
        3 or 4 for an RGB or RGBA image, else 0.
    channel
        The axis that holds the channels, `None` for none; ``"named"`` for one called so. By
        default one called so; else, where no axis outside the plane has a name, the shortest of
        them, if it has 2 to 4 entries.

    Examples
    --------
    >>> read_axes((20, 2, 64, 64), ("t", "c", "y", "x"), (2, 3)).sentence
    'T=20 · C=2 used as channels · Y×X segmented'
    >>> read_axes((30, 2, 64, 64), ("", "", "", ""), (2, 3)).sentence
    'axis 0=30 · axis 1=2 used as channels · Y×X segmented'
    """
    names = tuple(_name_axis(axis, label, len(sizes)) for axis, label in enumerate(labels))
    axes = Axes(names, tuple(sizes), _order_plane(displayed, names), None, samples)
    if isinstance(channel, str):
        named_only = channel == "named"
        channel = None if samples else _find_channel_axis(axes, labels, named_only)
    return axes.use_as_channels(channel)


def _order_plane(displayed: Sequence[int], names: Sequence[str]) -> tuple[int, int]:
    """Put the rows before the columns: as drawn if both axes say so, else as in the data."""
    first, second = sorted(displayed)
    drawn = [names[axis].lower() for axis in (first, second)]
    if all(name in DRAWING_ORDER for name in drawn):
        places = [DRAWING_ORDER.index(name) for name in drawn]
        return (second, first) if places[0] > places[1] else (first, second)
    return first, second


def _find_channel_axis(axes: Axes, labels: Sequence[str], named_only: bool) -> int | None:
    others = axes.stack
    for axis in others:
        if labels[axis].strip().lower() in CHANNEL_NAMES:
            return axis
    if named_only or any(_has_meaning(labels[axis]) for axis in others):
        return None
    short = [
        axis
        for axis in others
        if SHORTEST_STACK_GUESSED <= axes.sizes[axis] <= MOST_CHANNELS_GUESSED
    ]
    return min(short, key=lambda axis: axes.sizes[axis], default=None)


def _has_meaning(label: str) -> bool:
    label = label.strip()
    return bool(label) and not label.lstrip("-").isdigit()


def _name_axis(axis: int, label: str, count: int) -> str:
    label = label.strip()
    if _has_meaning(label):
        return label.upper() if len(label) == 1 else label
    return {count - 2: "Y", count - 1: "X"}.get(axis, f"axis {axis}")


def parse_axes(letters: str, shape: Sequence[int]) -> Axes:
    """Read axes from one letter each, as files and the command line write them.

    Parameters
    ----------
    letters
        Such as ``TZCYX``; Y and X are segmented, C holds the channels, S (last) the samples of
        a colour; any other letter is a stack axis. Case does not count.
    shape
        The shape of the image.

    Raises
    ------
    ImageError
        If there is not one different letter for each axis, or Y or X is missing.

    Examples
    --------
    >>> parse_axes("tyxs", (5, 64, 48, 3)).sentence
    'T=5 · RGB used as channels · Y×X segmented'
    """
    letters = letters.strip().upper()
    if len(letters) != len(shape) or len(set(letters)) != len(letters) or not letters.isalpha():
        raise ImageError(
            f"axes must be {len(shape)} different letters for an image of shape {tuple(shape)}; "
            f"got {letters!r}"
        )
    if not {"Y", "X"} <= set(letters):
        raise ImageError(f"axes must have Y and X, which are segmented; got {letters!r}")
    samples = 0
    if letters.endswith("S"):
        samples = shape[-1]
        if samples not in (3, 4):
            raise ImageError(f"axis S holds the samples of a colour, 3 or 4; got {samples}")
        letters, shape = letters[:-1], shape[:-1]
    displayed = letters.index("Y"), letters.index("X")
    channel = letters.index("C") if "C" in letters and not samples else None
    return read_axes(shape, tuple(letters), displayed, samples, channel)
