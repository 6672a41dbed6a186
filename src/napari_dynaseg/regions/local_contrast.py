"""How much what lies on either side of a pixel differs, as histograms tell."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from napari_dynaseg.engine.compiled import Values, compiled
from napari_dynaseg.regions.features import blur

# It is measured at every so many-th pixel of every so many-th row: what is compared is smooth.
STEP = 2
# What counts as one side: the middle of a Gaussian window lies so far away, both in steps.
SIDE_DISTANCE, SIDE_WINDOW = 2, 1.5


class Kind(NamedTuple):
    """What pixels have of one kind, such as lightness, and the histograms that are made of it.

    Parameters
    ----------
    values
        float32, (H, W).
    weight
        How much the kind counts.
    span
        The middle of the first bin, and that of the last.
    bins
        How many there are.
    """

    values: Values
    weight: float
    span: tuple[float, float]
    bins: int


def measure_local_contrast(kinds: Sequence[Kind]) -> Values:
    """Measure how different the histograms above and below each pixel are, left and right.

    A gradient sees a step between two shades. This sees as well where two patterns meet, and is
    not taken in by a line within one.

    Returns
    -------
    numpy.ndarray
        float32, one value for every `STEP` pixels of every `STEP` rows: the Euclidean norm over
        both directions and all bins of the differences of the roots of shares (Hellinger 1909).
    """
    squares = np.zeros(kinds[0].values[::STEP, ::STEP].shape, np.float32)
    for kind in kinds:
        for shares in _list_shares(kind):
            # A share that no pixel has makes no difference.
            if shares.any():
                roots = np.float32(kind.weight) * np.sqrt(blur(shares[None], SIDE_WINDOW)[0])
                _add_differences(roots, squares)
    return np.sqrt(squares)


def _list_shares(kind: Kind) -> Iterator[Values]:
    """Give the share that each bin has of every pixel, as `add_shares` splits it up."""
    low, high = (np.float32(end) for end in kind.span)
    shares = (kind.values[::STEP, ::STEP] - low) / (high - low)
    places = np.clip(shares, 0, 1) * np.float32(kind.bins - 1)
    for place in range(kind.bins):
        yield np.maximum(1 - np.abs(places - np.float32(place)), 0)


@compiled
def _add_differences(roots: Values, squares: Values) -> None:
    """Add the squared differences of both sides; at the edge, its pixels go on beyond it."""
    height, width = roots.shape
    for row in range(height):
        above, below = max(row - SIDE_DISTANCE, 0), min(row + SIDE_DISTANCE, height - 1)
        for column in range(width):
            left, right = max(column - SIDE_DISTANCE, 0), min(column + SIDE_DISTANCE, width - 1)
            down = roots[below, column] - roots[above, column]
            across = roots[row, right] - roots[row, left]
            squares[row, column] += down * down + across * across
