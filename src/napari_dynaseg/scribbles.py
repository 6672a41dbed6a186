"""Labels that a user gave, in the channels of a response map; and a network trained on by them."""

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from napari_dynaseg.backend import torch
from napari_dynaseg.errors import ImageError
from napari_dynaseg.fit import Step, iter_fit
from napari_dynaseg.labels import LabelMap
from napari_dynaseg.network_maps import Mask
from napari_dynaseg.settings import Settings
from napari_dynaseg.stack_image import Channels
from napari_dynaseg.trained import TrainedNetwork

Numbers = npt.NDArray[np.int32]

# How far what is like paint follows it, in sides of a square of as many pixels as were painted.
# Chosen on training images of BSDS500: farther, regions that were right are overrun.
REACH = 1.5
# What is filled of a refined region: gaps of up to twice this radius, and holes of so many pixels.
GAP_RADIUS = 5
HOLE_PIXELS = 100


@dataclass(frozen=True, eq=False)
class Scribbles:
    """What a user scribbled, in the words of a network.

    Parameters
    ----------
    channels
        (H, W), the channel of the response map that each scribbled pixel is drawn to, 1…q;
        0 where nothing was scribbled.
    numbers
        The label that each channel stands for, (q + 1,); entry 0 is 0.
    """

    channels: LabelMap
    numbers: Numbers

    @classmethod
    def for_first_run(cls, scribbled: LabelMap, channels: int) -> "Scribbles":
        """Give each scribbled label a channel of a network that is not trained yet.

        Parameters
        ----------
        scribbled
            (H, W), the labels that the user wants; 0 where nothing was scribbled.
        channels
            q.

        Raises
        ------
        ImageError
            If there are more labels than channels, or a label is negative.
        """
        blank = np.zeros(channels + 1, np.int32)
        return cls._translate(scribbled, blank, np.arange(1, channels + 1))

    @classmethod
    def for_network(
        cls, scribbled: LabelMap, network: TrainedNetwork, shown: LabelMap
    ) -> "Scribbles":
        """Find the channels of a trained network; a label new to it takes one that is free.

        Parameters
        ----------
        scribbled
            As above.
        network
            What is trained on.
        shown
            The labels that the network gave; channels of labels that occur are not free.

        Raises
        ------
        ImageError
            If there is no channel left for a new label, or a label is negative.
        """
        in_use = np.isin(network.numbers, np.unique(shown))
        in_use[0] = True
        return cls._translate(scribbled, network.numbers.copy(), np.flatnonzero(~in_use))

    @classmethod
    def _translate(
        cls, scribbled: LabelMap, numbers: Numbers, free: npt.NDArray[np.integer]
    ) -> "Scribbles":
        wanted = np.unique(scribbled[scribbled != 0]).tolist()
        if wanted and wanted[0] < 0:
            raise ImageError(f"a scribble must be a label from 1 on; got {wanted[0]}")
        known = {number: channel for channel, number in enumerate(numbers.tolist()) if number}
        spare = [channel for channel in free.tolist() if numbers[channel] not in wanted]
        for number in wanted:
            if number not in known:
                if not spare:
                    raise ImageError(
                        f"there is no channel left for label {number}: the network has "
                        f"{len(numbers) - 1}; raise its channels, or scribble fewer labels"
                    )
                known[number] = spare.pop(0)
                numbers[known[number]] = number
        channels = np.zeros(scribbled.shape, np.int32)
        for number in wanted:
            channels[scribbled == number] = known[number]
        return cls(channels, _fill_numbers(numbers))


def _fill_numbers(numbers: Numbers) -> Numbers:
    """Give channels without a label the lowest numbers that are free."""
    taken = set(numbers.tolist())
    free = (number for number in range(1, 2 * len(numbers)) if number not in taken)
    filled = [number or next(free) for number in numbers[1:].tolist()]
    return np.array([0, *filled], np.int32)


def refine(
    network: TrainedNetwork,
    channels: Channels,
    shown: LabelMap,
    painted: Mask,
    settings: Settings,
) -> Generator[Step, None, tuple[LabelMap, TrainedNetwork]]:
    """Train a network on with what the user painted; yields each step.

    Parameters
    ----------
    network
        Kept from the run before.
    channels
        The plane, (C, H, W), as stored.
    shown
        (H, W), the labels with the user's paint.
    painted
        (H, W), where that paint is. Pixels painted with 0 are kept, and teach nothing.
    settings
        Scheme, μ, ``refine_iterations`` and ``scribble_weight`` are read; the rest made the
        network.

    Returns
    -------
    tuple
        The new labels, (H, W), as `keep_near_paint` gives them; and the network.

    Raises
    ------
    ImageError
        If there is no channel left for a new label.
    """
    scribbles = Scribbles.for_network(np.where(painted, shown, 0), network, shown)
    plane = network.scaling.apply(channels)
    wanted = network.settings.change(
        scheme=settings.scheme,
        mu=settings.mu,
        iterations=settings.refine_iterations,
        scribble_weight=settings.scribble_weight,
    )
    start = torch.from_numpy(network.weights)
    for step in iter_fit(plane, wanted, start=start, scribbles=scribbles.channels):
        yield step
    labels = keep_near_paint(scribbles.numbers[step.labels], shown, painted)
    return labels, replace(network.move_on(step), numbers=scribbles.numbers)


def keep_near_paint(labels: LabelMap, shown: LabelMap, painted: Mask) -> LabelMap:
    """Take over from new labels only the regions that grew out of paint, without their gaps.

    Parameters
    ----------
    labels
        (H, W), what a network gives that was trained on with the paint.
    shown
        (H, W), the labels with the user's paint.
    painted
        (H, W), where that paint is.

    Returns
    -------
    numpy.ndarray
        (H, W): every painted pixel as it was painted; the parts of each painted label that
        are connected with its paint and not far from it, gaps up to 10 pixels wide and small
        holes filled; elsewhere what was shown.
    """
    kept = shown.copy()
    for number in np.unique(shown[painted & (shown != 0)]).tolist():
        strokes = painted & (shown == number)
        alike = (labels == number) & _find_surroundings(strokes)
        region = _find_connected(alike | strokes, strokes)
        kept[_fill_gaps(region)] = number
    kept[painted] = shown[painted]
    return kept


def _find_surroundings(strokes: Mask) -> Mask:
    from scipy.ndimage import distance_transform_edt

    reach = REACH * np.sqrt(np.count_nonzero(strokes))
    surroundings: Mask = distance_transform_edt(~strokes) <= reach
    return surroundings


def _find_connected(region: Mask, strokes: Mask) -> Mask:
    from skimage.measure import label

    parts = label(region, connectivity=1)
    connected: Mask = np.isin(parts, np.unique(parts[strokes]))
    return connected


def _fill_gaps(region: Mask) -> Mask:
    from scipy.ndimage import binary_closing
    from skimage.measure import label
    from skimage.morphology import disk

    padded = np.pad(region, GAP_RADIUS)
    closed = binary_closing(padded, disk(GAP_RADIUS))
    filled: Mask = closed[GAP_RADIUS:-GAP_RADIUS, GAP_RADIUS:-GAP_RADIUS]
    holes = label(~filled, connectivity=1)
    is_small = np.bincount(holes.ravel()) <= HOLE_PIXELS
    is_small[0] = False
    filled |= is_small[holes]
    return filled
