"""How a plane is cut into parts that fit into a core's cache."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from napari_dynaseg.engine.backend import torch

TILE = 4  # pixels that one Winograd tile gives in each direction

# What one thread works on at a time, in float32 values of one array: 0.8 MB and 0.26 MB. The
# rectangles are smaller, since their transforms hold 2.25 times as much.
BLOCK_VALUES = 200_000
RECTANGLE_VALUES = 6_400


@dataclass(frozen=True)
class Rectangle:
    """A rectangle of tiles: rows top…bottom - 1, columns left…right - 1, counted in tiles."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def rows(self) -> int:
        """Tiles from top to bottom."""
        return self.bottom - self.top

    @property
    def columns(self) -> int:
        """Tiles from left to right."""
        return self.right - self.left


class Grid:
    """A plane, padded to whole tiles, with its row blocks and its rectangles of tiles.

    The cut depends on the plane and the channels alone, not on the number of threads: so do the
    sums over the parts, and with them the result.

    Parameters
    ----------
    height, width
        The plane's shape.
    channels
        How many channels the arrays on this grid have.
    """

    def __init__(self, height: int, width: int, channels: int) -> None:
        self.height, self.width = height, width
        self.pixels = height * width
        self.padded_height = math.ceil(height / TILE) * TILE
        self.padded_width = math.ceil(width / TILE) * TILE
        halves = self.padded_height * self.padded_width * channels / BLOCK_VALUES / 2
        count = 2 * math.ceil(halves)  # even, so that two threads have the same to do
        self.blocks = [slice(*ends) for ends in _split(self.padded_height, count)]
        self.rectangles = list(self._cut_rectangles(channels))

    def _cut_rectangles(self, channels: int) -> Iterator[Rectangle]:
        rows, columns = self.padded_height // TILE, self.padded_width // TILE
        side = max(1, round(math.sqrt(RECTANGLE_VALUES / channels)))
        for top, bottom in _split(rows, math.ceil(rows / side)):
            for left, right in _split(columns, math.ceil(columns / side)):
                yield Rectangle(top, bottom, left, right)

    def share_rectangles(self, most: int) -> list[list[Rectangle]]:
        """Share the rectangles out, each share spread over the plane, none empty."""
        shares = [self.rectangles[start::most] for start in range(most)]
        return [share for share in shares if share]

    def allocate(self, channels: int) -> torch.Tensor:
        """Make an array of zeros on the padded plane, (padded_height, padded_width, channels)."""
        return torch.zeros(self.padded_height, self.padded_width, channels)

    def valid_rows(self, rows: slice) -> slice:
        """Leave out of a block the rows beyond the plane."""
        return slice(min(rows.start, self.height), min(rows.stop, self.height))

    def clear_margin(self, array: torch.Tensor, rows: slice) -> None:
        """Put zeros where a block reaches beyond the plane, so that sums do not see it."""
        if self.padded_width > self.width:
            array[rows, self.width :] = 0
        if rows.stop > self.height:
            array[max(rows.start, self.height) : rows.stop] = 0


def _split(length: int, parts: int) -> list[tuple[int, int]]:
    """Cut a length into nearly equal pieces, none of them empty."""
    step = math.ceil(length / parts)
    return [(start, min(start + step, length)) for start in range(0, length, step)]
