"""Which axes of an image make the plane, which holds channels, and which are the stack."""

from collections.abc import Sequence
from dataclasses import dataclass

CHANNEL_NAMES = frozenset({"c", "ch", "channel", "channels"})


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
        The two axes that are segmented, in the order of the data.
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
    def sentence(self) -> str:
        """The reading in one line, such as ``T=20 · C=3 used as channels · Y×X segmented``."""
        parts = [self._describe(axis) for axis in range(len(self.sizes)) if axis not in self.plane]
        if self.samples:
            parts.append("RGB used as channels" + ", alpha left out" * (self.samples == 4))
        parts.append("×".join(self.names[axis] for axis in self.plane) + " segmented")
        return " · ".join(parts)

    def _describe(self, axis: int) -> str:
        use = " used as channels" if axis == self.channel else ""
        return f"{self.names[axis]}={self.sizes[axis]}{use}"


def read_axes(
    sizes: Sequence[int], labels: Sequence[str], displayed: Sequence[int], samples: int = 0
) -> Axes:
    """Read the axes of an image from its labels and from what the viewer displays.

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

    Examples
    --------
    >>> read_axes((20, 2, 64, 64), ("t", "c", "y", "x"), (2, 3)).sentence
    'T=20 · C=2 used as channels · Y×X segmented'
    """
    first, second = sorted(displayed)
    channel = None
    for axis, label in enumerate(labels):
        if label.strip().lower() in CHANNEL_NAMES and axis not in displayed and not samples:
            channel = axis
    names = tuple(_name_axis(axis, label, len(sizes)) for axis, label in enumerate(labels))
    return Axes(names, tuple(sizes), (first, second), channel, samples)


def _name_axis(axis: int, label: str, count: int) -> str:
    label = label.strip()
    if label and not label.lstrip("-").isdigit():
        return label.upper() if len(label) == 1 else label
    return {count - 2: "Y", count - 1: "X"}.get(axis, f"axis {axis}")
