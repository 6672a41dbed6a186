"""How a plane looks: gradients and the histograms of its superpixels, strip by strip."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import numpy as np

from napari_dynaseg.engine.compiled import Sums, Values, compiled
from napari_dynaseg.engine.cpu.thread_pool import ThreadPool
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.regions.features import blur, measure_gradient, measure_texture, to_perceptual
from napari_dynaseg.regions.histograms import (
    INTENSITY_BINS,
    LEAST_TEXTURE,
    TEXTURE_BINS,
    TEXTURE_RANGE,
    TEXTURE_WEIGHT,
    add_shares,
    choose_channels,
    settle_histograms,
)
from napari_dynaseg.regions.local_contrast import STEP, Kind, measure_local_contrast

Result = TypeVar("Result")

# Threads work on strips of about so many rows, each with as many more on either side as blurs need:
# four deviations of each Gaussian, of which that of texture and that of local contrast add up.
# Strips begin at a multiple of `STEP`, with these rows as well.
STRIP_ROWS, HALO = 192, 28
# So many strips are in memory at once.
STRIPS_AT_A_TIME = 8
# How large a difference in the perceptual channels is: a distance of 1 is a large one.
GRADIENT_WEIGHT = 1.95
# Half of a plane's own contrast is evened out: towards channels of this standard deviation.
USUAL_DEVIATION, LEAST_DEVIATION = 0.24, 0.02
# How far the plane is blurred before its gradient is measured, and that before superpixels grow:
# little, for the outlines of small nuclei.
PLANE_BLUR, GRADIENT_BLUR = 0.5, 0.5


class _Strip(NamedTuple):
    """The rows of a strip, those with what is around them, and where the first are in these."""

    rows: slice
    wide: slice
    inner: slice


class Appearance:
    """How a plane looks.

    Parameters
    ----------
    plane
        float32, (C, H, W), values 0…1.
    pool
        The threads that measure it; the figures are the same whatever their number.
    """

    def __init__(self, plane: Plane, pool: ThreadPool) -> None:
        self._plane, self._pool = plane, pool
        self._strips = list(_cut_strips(plane.shape[1]))
        deviations = self._measure_deviations()
        self._evening = np.float32(
            np.sqrt(USUAL_DEVIATION / max(float(deviations.max()), LEAST_DEVIATION))
        )
        self._channels = choose_channels(self._evening * deviations)

    def _measure_deviations(self) -> Sums:
        """Measure the standard deviation of each perceptual channel."""

        def sum_up(strip: _Strip) -> Sums:
            perceptual = to_perceptual(self._plane[:, strip.rows]).astype(np.float64)
            return np.stack([perceptual.sum((1, 2)), np.square(perceptual).sum((1, 2))])

        means, squares = sum(self._map(sum_up)) / self._plane[0].size
        deviations: Sums = np.sqrt(np.maximum(squares - means * means, 0))
        return deviations

    def measure_gradients(self) -> tuple[Values, Values]:
        """Measure each pixel's gradient, and its gradient blurred, both float32, (H, W)."""
        gradient, relief = (np.empty(self._plane.shape[1:], np.float32) for _ in range(2))

        def measure(strip: _Strip) -> None:
            blurred = GRADIENT_WEIGHT * blur(self._read(strip), PLANE_BLUR)
            found = measure_gradient(blurred)
            gradient[strip.rows] = found[strip.inner]
            relief[strip.rows] = blur(found[None], GRADIENT_BLUR)[0][strip.inner]

        for _ in self._map(measure):
            pass
        return gradient, relief

    def measure_local_contrast(self) -> Values:
        """Measure the local contrast, float32, of every `STEP` pixels of every `STEP` rows."""
        height, width = (-(-side // STEP) for side in self._plane.shape[1:])
        contrast = np.empty((height, width), np.float32)

        def measure(strip: _Strip) -> None:
            found = measure_local_contrast(self._list_kinds(self._read(strip)))
            contrast[_reduce(strip.rows)] = found[_reduce(strip.inner)]

        for _ in self._map(measure):
            pass
        return contrast

    def measure_histograms(self, superpixels: LabelMap, sizes: Sums) -> Values:
        """Measure which share of each superpixel has which intensity, colour and texture.

        Parameters
        ----------
        superpixels
            int32, (H, W), numbered from 0.
        sizes
            Pixels of each, (n,).

        Returns
        -------
        numpy.ndarray
            float32, (n, b), histograms side by side, weighted.
        """
        bins = TEXTURE_BINS + INTENSITY_BINS * len(self._channels)
        histograms = np.zeros((len(sizes), bins), np.float32)

        def count(strip: _Strip) -> tuple[LabelMap, Values]:
            present, local = _renumber(superpixels[strip.rows], len(sizes))
            shares = np.zeros((len(present), bins), np.float32)
            first = 0
            for kind in self._list_kinds(self._read(strip)):
                values = kind.values[strip.inner]
                add_shares(local, values, *kind.span, first, kind.bins, shares)
                first += kind.bins
            return present, shares

        for present, shares in self._map(count):
            histograms[present] += shares
        settle_histograms(histograms, sizes, np.array([each.weight for each in self._channels]))
        return histograms

    def _read(self, strip: _Strip) -> Plane:
        """Give the perceptual channels of a strip and what is around it, evened out."""
        return self._evening * to_perceptual(self._plane[:, strip.wide])

    def _list_kinds(self, seen: Plane) -> list[Kind]:
        """List what is compared by histograms: the texture first, then the channels that count."""
        texture = np.log(measure_texture(seen)[0] + np.float32(LEAST_TEXTURE))
        return [
            Kind(texture, TEXTURE_WEIGHT, TEXTURE_RANGE, TEXTURE_BINS),
            *(
                Kind(seen[each.number], each.weight, each.span, INTENSITY_BINS)
                for each in self._channels
            ),
        ]

    def _map(self, work: Callable[[_Strip], Result]) -> Iterator[Result]:
        """Do the work on all strips; give the results in their order, few at a time."""
        for first in range(0, len(self._strips), STRIPS_AT_A_TIME):
            yield from self._pool.map(work, self._strips[first : first + STRIPS_AT_A_TIME])


def _cut_strips(height: int) -> Iterator[_Strip]:
    count = -(-height // STRIP_ROWS)
    for place in range(count):
        start = height * place // count // STEP * STEP
        end = height * (place + 1) // count // STEP * STEP if place < count - 1 else height
        top = max(0, start - HALO)
        yield _Strip(
            slice(start, end), slice(top, min(height, end + HALO)), slice(start - top, end - top)
        )


def _reduce(rows: slice) -> slice:
    """Give the rows of the local contrast that are those of a plane."""
    return slice(rows.start // STEP, -(-rows.stop // STEP))


@compiled
def _renumber(labels: LabelMap, count: int) -> tuple[LabelMap, LabelMap]:
    """Give the labels that are present, and the place of each pixel's label among them."""
    places = np.full(count, -1, np.int32)
    present = np.empty(labels.size, np.int32)
    local = np.empty(labels.shape, np.int32)
    found = 0
    for row in range(labels.shape[0]):
        for column in range(labels.shape[1]):
            label = labels[row, column]
            if places[label] < 0:
                places[label] = found
                present[found] = label
                found += 1
            local[row, column] = places[label]
    return present[:found].copy(), local
