"""What the pixels of each region are like: the mean of a channel, and histograms."""

import numpy as np
import numpy.typing as npt

from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import Integers
from napari_dynaseg.regions.features import COLOURS, Floats, measure_texture

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


def average_regions(regions: Integers, sizes: Integers, channels: Floats) -> Floats:
    """Give the mean of each channel over each region.

    Parameters
    ----------
    regions
        (H, W), numbered from 0 to n - 1.
    sizes
        Pixels of each region, (n,).
    channels
        (C, H, W).

    Returns
    -------
    numpy.ndarray
        (n, C).
    """
    sums = [
        np.bincount(regions.ravel(), channel.ravel(), minlength=len(sizes)) for channel in channels
    ]
    return np.stack(sums, axis=1) / sizes[:, None]


def measure_histograms(regions: Integers, sizes: Integers, perceptual: Plane) -> Floats:
    """Measure which share of each region has which intensity, colour and texture.

    Parameters
    ----------
    regions, sizes
        As for `average_regions`.
    perceptual
        float32, (C, H, W), as `to_perceptual` gives it. Of three channels the first is lightness
        and the others are colours. Where there are none, in a grey image stored in colour or in one
        of other than three channels, the intensities together count for as much.

    Returns
    -------
    numpy.ndarray
        (n, b), histograms side by side, weighted.
    """
    texture = np.log(measure_texture(perceptual)[0] + LEAST_TEXTURE)
    found = count_histograms(regions, sizes, texture, TEXTURE_RANGE, TEXTURE_BINS)
    histograms = [TEXTURE_WEIGHT**2 * found]
    for channel, weight, span in _weigh(perceptual):
        found = count_histograms(regions, sizes, channel, span, INTENSITY_BINS)
        histograms.append(weight**2 * smooth_histograms(found))
    return np.concatenate(histograms, axis=1)


def _weigh(perceptual: Plane) -> list[tuple[Floats, float, tuple[float, float]]]:
    """Give the channels that say something, how much each counts, and where it goes from and to."""
    together = float(np.hypot(LIGHTNESS_WEIGHT, np.sqrt(2) * COLOUR_WEIGHT))
    if len(perceptual) != COLOURS:
        weight = together / float(np.sqrt(len(perceptual)))
        return [(channel, weight, LIGHTNESS_RANGE) for channel in perceptual]
    lightness, *colours = perceptual
    if max(float(colour.std()) for colour in colours) < LEAST_COLOUR:
        return [(lightness, together, LIGHTNESS_RANGE)]
    return [
        (lightness, LIGHTNESS_WEIGHT, LIGHTNESS_RANGE),
        *((colour, COLOUR_WEIGHT, COLOUR_RANGE) for colour in colours),
    ]


def count_histograms(
    regions: Integers,
    sizes: Integers,
    values: npt.NDArray[np.floating],
    span: tuple[float, float],
    bins: int,
) -> Floats:
    """Make the histogram of each region; a value between the middles of two bins counts in both.

    Parameters
    ----------
    regions, sizes
        As for `average_regions`.
    values
        (H, W); values beyond the span count in the first or the last bin.
    span
        The middle of the first bin, and that of the last.
    bins
        How many, at least 2.

    Returns
    -------
    numpy.ndarray
        (n, bins), each row sums up to 1.

    Examples
    --------
    >>> count_histograms(np.zeros((1, 2), int), np.array([2]), np.array([[0.0, 0.5]]), (0, 1), 2)
    array([[0.75, 0.25]])
    """
    low, high = span
    places = np.clip((values.ravel() - low) / (high - low), 0, 1) * (bins - 1)
    lower = np.minimum(places.astype(np.int64), bins - 2)
    share_above = places - lower
    entries = regions.ravel() * np.int64(bins) + lower
    counts = np.bincount(entries, 1 - share_above, minlength=len(sizes) * bins)
    counts += np.bincount(entries + 1, share_above, minlength=len(sizes) * bins)
    return counts.reshape(-1, bins) / sizes[:, None]


def smooth_histograms(histograms: Floats) -> Floats:
    """Let a quarter of each bin's share spill into the bin on either side.

    Without it the roots of shares would tell intensities apart that differ by a fraction of a bin,
    most where they are close to the middle of one: a background that slowly grows brighter would
    fall into pieces.

    Parameters
    ----------
    histograms
        (n, bins). What would spill beyond the first and the last bin stays there.

    Examples
    --------
    >>> smooth_histograms(np.array([[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]))
    array([[0.25, 0.5 , 0.25, 0.  ],
           [0.75, 0.25, 0.  , 0.  ]])
    """
    padded = np.pad(histograms, ((0, 0), (1, 1)), mode="edge")
    return (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4
