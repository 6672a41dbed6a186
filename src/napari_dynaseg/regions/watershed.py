"""Superpixels: one around each place where a relief is lowest, up to where they meet."""

import numpy as np
import numpy.typing as npt

from napari_dynaseg.engine.compiled import Values, compiled
from napari_dynaseg.labels.numbering import LabelMap

Places = npt.NDArray[np.int32]
# A pixel in the flat bottom of a superpixel: water runs no further.
BOTTOM = -1
SIDES = 4


def grow_superpixels(relief: Values) -> LabelMap:
    """Give every pixel the place to which water would run from it, always to the lowest neighbour.

    That is the watershed by flooding (Meyer 1991), without a queue: there as well a pixel is
    reached from its lowest neighbour first. On flat ground it runs to the nearest edge.

    Parameters
    ----------
    relief
        float32, (H, W).

    Returns
    -------
    numpy.ndarray
        int32, (H, W), connected superpixels numbered from 0 in the order of their lowest places.

    Examples
    --------
    >>> grow_superpixels(np.array([[1, 0, 1, 3, 2, 2]], np.float32))
    array([[0, 0, 0, 0, 1, 1]], dtype=int32)
    """
    height, width = relief.shape
    downhill = np.empty(relief.size, np.int32)
    queue = np.empty(relief.size, np.int32)
    flat = np.ascontiguousarray(relief).ravel()
    waiting = _find_downhill(flat, height, width, downhill, queue)
    _cross_flats(flat, height, width, downhill, queue, waiting)
    superpixels = np.full(relief.size, -1, np.int32)
    _number_bottoms(flat, height, width, downhill, queue, superpixels)
    _follow_downhill(downhill, queue, superpixels)
    return superpixels.reshape(height, width)


@compiled
def _step(place: int, side: int, height: int, width: int) -> int:
    """Give the neighbour above, left, right or below; the place itself beyond the edge."""
    row = place // width
    column = place - row * width
    if side == 0:
        return place - width if row > 0 else place
    if side == 1:
        return place - 1 if column > 0 else place
    if side == 2:
        return place + 1 if column < width - 1 else place
    return place + width if row < height - 1 else place


@compiled
def _find_downhill(relief: Values, height: int, width: int, downhill: Places, queue: Places) -> int:
    """Point each pixel at its lowest neighbour; queue those that have a flat beside them."""
    waiting = 0
    for place in range(len(relief)):
        lowest, goal, has_flat = relief[place], BOTTOM, False
        for side in range(SIDES):
            neighbour = _step(place, side, height, width)
            if relief[neighbour] < lowest:
                lowest, goal = relief[neighbour], neighbour
            elif neighbour != place and relief[neighbour] == relief[place]:
                has_flat = True
        downhill[place] = goal
        if goal != BOTTOM and has_flat:
            queue[waiting] = place
            waiting += 1
    return waiting


@compiled
def _cross_flats(
    relief: Values, height: int, width: int, downhill: Places, queue: Places, waiting: int
) -> None:
    """Point each pixel of a flat that has a lower edge towards the nearest place of that edge."""
    first = 0
    while first < waiting:
        place = queue[first]
        first += 1
        for side in range(SIDES):
            neighbour = _step(place, side, height, width)
            if downhill[neighbour] == BOTTOM and relief[neighbour] == relief[place]:
                downhill[neighbour] = place
                queue[waiting] = neighbour
                waiting += 1


@compiled
def _number_bottoms(
    relief: Values, height: int, width: int, downhill: Places, stack: Places, superpixels: Places
) -> None:
    """Number the flat bottoms, each a connected part of one height."""
    count = 0
    for start in range(len(relief)):
        if downhill[start] != BOTTOM or superpixels[start] >= 0:
            continue
        superpixels[start] = count
        stack[0], waiting = start, 1
        while waiting:
            waiting -= 1
            place = stack[waiting]
            for side in range(SIDES):
                neighbour = _step(place, side, height, width)
                if downhill[neighbour] == BOTTOM and superpixels[neighbour] < 0:
                    superpixels[neighbour] = count
                    stack[waiting] = neighbour
                    waiting += 1
        count += 1


@compiled
def _follow_downhill(downhill: Places, path: Places, superpixels: Places) -> None:
    """Give each pixel the number of the bottom that it leads to."""
    for start in range(len(downhill)):
        place, steps = start, 0
        while superpixels[place] < 0:
            path[steps] = place
            steps += 1
            place = downhill[place]
        for step in range(steps):
            superpixels[path[step]] = superpixels[place]
