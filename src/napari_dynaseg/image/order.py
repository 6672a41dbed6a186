"""Which planes of a stack to train on, and in which order to go through it."""

from collections.abc import Sequence

import numpy as np

from napari_dynaseg.image.axes import Position


def spread_positions(positions: Sequence[Position], start: Position, count: int) -> list[Position]:
    """Choose planes to train on: the start, and others spread evenly over the rest.

    Parameters
    ----------
    positions
        The planes that there are, in the order of the stack.
    start
        One of them.
    count
        How many are wanted, at least 1; fewer are given where there are fewer.
    """
    others = [position for position in positions if position != start]
    wanted = min(count - 1, len(others))
    places = np.linspace(0, len(others), wanted, endpoint=False) + len(others) / (2 * wanted or 1)
    return [start, *(others[int(place)] for place in places)]


def order_planes(positions: Sequence[Position], start: Position) -> list[Position]:
    """Order planes outwards from the start, so that each comes after its parent.

    Parameters
    ----------
    positions
        Planes that make a box on the stack axes, with the start among them.
    start
        Where to begin.
    """

    def find_distance(position: Position) -> list[tuple[int, int]]:
        return [
            (abs(here - there), here)
            for here, there in zip(position, start, strict=True)
            if here is not None and there is not None
        ]

    return sorted(positions, key=find_distance)


def find_parent(position: Position, start: Position) -> Position | None:
    """Find the neighbour that lies a step nearer to the start, along the last axis that can.

    The start itself has none.

    Examples
    --------
    >>> find_parent((2, 5, None, None), (0, 3, None, None))
    (2, 4, None, None)
    >>> find_parent((2, 3, None, None), (0, 3, None, None))
    (1, 3, None, None)
    """
    for axis in reversed(range(len(position))):
        here, there = position[axis], start[axis]
        if here is not None and there is not None and here != there:
            nearer = here + (1 if there > here else -1)
            return (*position[:axis], nearer, *position[axis + 1 :])
    return None
