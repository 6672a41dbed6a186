"""What grew out of paint on one plane of a stack goes on through the others."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.order import find_parent, order_planes
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.labels.compressed_map import CompressedMap
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.refine import lay_over, spread_from_plane
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.recipes.refinements import Paint
from napari_dynaseg.recipes.trained_network import TrainedNetwork


def spread_over_planes(
    stack: StackImage,
    network: TrainedNetwork,
    positions: Sequence[Position],
    start: tuple[Position, LabelMap],
    read: Callable[[Position], Paint],
    within: RegionOfInterest | None = None,
) -> Iterator[tuple[Paint, LabelMap | None]]:
    """Take over on further planes what a network was taught on one, yielding each plane.

    A region goes on where the network sees it on the next plane outwards, it overlaps there
    and does not reach far beyond it. What was painted with its label there counts like it, and
    no painted pixel changes.

    Parameters
    ----------
    stack
        The image.
    network
        As it was trained on with the paint.
    positions
        The planes, the start among them.
    start
        The plane that taught, and the regions that grew out of its paint, (H, W), 0 elsewhere.
    read
        Gives the labels of a plane as they are shown, and what was painted there.
    within
        The part of each plane that the network was limited to; nothing goes on outside.

    Yields
    ------
    tuple
        Each plane but the start, as it was shown, and its new labels, (H, W); `None` where no
        region reaches it.
    """
    origin, first = start
    taught = np.unique(first[first != 0])
    spreads = {origin: CompressedMap.of(first)}
    for position in order_planes(positions, origin)[1:]:
        paint = read(position)
        parent = find_parent(position, origin)
        before = spreads[parent].read() if parent in spreads else np.zeros_like(first)
        own = paint.painted & np.isin(paint.shown, taught)
        before = np.where(own, paint.shown, before)
        if not before.any():
            yield paint, None
            continue
        channels = stack.read_channels(position)
        labels = network.label(within.crop(channels) if within else channels)
        labels = within.place(labels) if within else labels
        spread = spread_from_plane(labels, before)
        spreads[position] = CompressedMap.of(spread)
        yield paint, lay_over(paint.shown, spread, paint.painted)
