"""Histograms of superpixels: which share of their pixels has which intensity and texture."""

from typing import NamedTuple

import numpy as np

from napari_dynaseg.engine.compiled import Sums, Values, compiled
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.regions.features import COLOURS

# How many bins a histogram of intensities has and one of texture, and from where to where they go:
# the lightness, a* and b* of `to_perceptual`, and the natural logarithm of the local deviation.
INTENSITY_BINS, TEXTURE_BINS = 12, 8
LIGHTNESS_RANGE, COLOUR_RANGE = (-0.3, 1.5), (-0.5, 0.5)
TEXTURE_RANGE = (-5.3, -1.2)
LEAST_TEXTURE = 0.005
# How much a histogram of each kind counts: the factor of a distance between its roots. Chosen on
# training images of BSDS500.
LIGHTNESS_WEIGHT, COLOUR_WEIGHT, TEXTURE_WEIGHT = 0.8, 0.9, 0.5
# Colours that vary less than this are those of a grey image that was stored in colour.
LEAST_COLOUR = 0.003


class Channel(NamedTuple):
    """A channel that says something: its number, how much it counts, and from where to where."""

    number: int
    weight: float
    span: tuple[float, float]


def choose_channels(deviations: Sums) -> list[Channel]:
    """Choose the perceptual channels whose histograms count.

    Parameters
    ----------
    deviations
        The standard deviation of each, (C,). Of three channels the first is lightness and the
        others are colours. Where there are none, in a grey image stored in colour or in one of
        other than three channels, the intensities together count for as much.
    """
    together = float(np.hypot(LIGHTNESS_WEIGHT, np.sqrt(2) * COLOUR_WEIGHT))
    count = len(deviations)
    if count != COLOURS:
        weight = together / float(np.sqrt(count))
        return [Channel(number, weight, LIGHTNESS_RANGE) for number in range(count)]
    if deviations[1:].max() < LEAST_COLOUR:
        return [Channel(0, together, LIGHTNESS_RANGE)]
    colours = [Channel(number, COLOUR_WEIGHT, COLOUR_RANGE) for number in (1, 2)]
    return [Channel(0, LIGHTNESS_WEIGHT, LIGHTNESS_RANGE), *colours]


@compiled
def add_shares(
    regions: LabelMap,
    values: Values,
    low: float,
    high: float,
    first: int,
    bins: int,
    histograms: Values,
) -> None:
    """Add each pixel to its region's histogram; one between the middles of two bins to both.

    Parameters
    ----------
    regions
        (H, W), numbered from 0.
    values
        float32, (H, W); those beyond the bins count in the first or the last.
    low, high
        The middle of the first bin, and that of the last.
    first, bins
        The column of the first bin, and how many there are.
    histograms
        float32, (n, columns), changed in place.

    Examples
    --------
    >>> found = np.zeros((1, 3), np.float32)
    >>> values = np.array([[0, 0.5]], np.float32)
    >>> add_shares(np.zeros((1, 2), np.int32), values, 0.0, 1.0, 1, 2, found)
    >>> found
    array([[0. , 1.5, 0.5]], dtype=float32)
    """
    for row in range(regions.shape[0]):
        for column in range(regions.shape[1]):
            share = (values[row, column] - low) / (high - low)
            place = min(max(share, 0.0), 1.0) * (bins - 1)
            lower = min(int(place), bins - 2)
            histogram = histograms[regions[row, column]]
            histogram[first + lower] += np.float32(lower + 1 - place)
            histogram[first + lower + 1] += np.float32(place - lower)


@compiled
def settle_histograms(histograms: Values, sizes: Sums, weights: Sums) -> None:
    """Turn counts into weighted shares; of intensities a quarter spills into the next bins.

    Without it the roots of shares would tell intensities apart that differ by a fraction of a bin,
    most where they are close to the middle of one: a background that slowly grows brighter would
    fall into pieces. What would spill beyond the first and the last bin stays there.

    Parameters
    ----------
    histograms
        float32, (n, b), that of texture first; changed in place.
    sizes
        Pixels of each region, (n,).
    weights
        How much each channel of intensities counts.
    """
    for region in range(len(sizes)):
        row = histograms[region]
        row[:TEXTURE_BINS] *= np.float32(TEXTURE_WEIGHT**2 / sizes[region])
        for channel in range(len(weights)):
            first = TEXTURE_BINS + channel * INTENSITY_BINS
            last = first + INTENSITY_BINS - 1
            quarter = np.float32(weights[channel] ** 2 / sizes[region] / 4)
            before = row[first]
            for place in range(first, last + 1):
                here = row[place]
                row[place] = quarter * (before + 2 * here + row[min(place + 1, last)])
                before = here
