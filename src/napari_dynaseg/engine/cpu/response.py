"""The response map: its labels, its loss, and the gradient of the loss, written out by hand.

The gradient of a mean absolute difference is the sign of the difference, once for each of the
two pixels; for that of the cross-entropy see the module ``cross_entropy``. Both are written over
the response map, block by block.
"""

from typing import NamedTuple

import numpy as np

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.compiled import Values, compiled_sum
from napari_dynaseg.engine.cpu.cross_entropy import differentiate_entropies
from napari_dynaseg.engine.cpu.grid import Grid
from napari_dynaseg.engine.cpu.thread_pool import ThreadPool
from napari_dynaseg.engine.norm import add_up, make_sums
from napari_dynaseg.engine.passes import spread_out
from napari_dynaseg.engine.targets import Targets


class Losses(NamedTuple):
    """The terms of the loss, and sums over the plane that the way back needs, float64.

    Parameters
    ----------
    terms
        L_sim and L_con of equation 1, and the terms of the scribbles and of the guidance.
    total
        Σ dr, (q,), with the gradient dr.
    product
        Σ dr yᵀ, (q, in), with the activation y below.
    """

    terms: list[float]
    total: torch.Tensor
    product: torch.Tensor


class ResponseMap:
    """The response map of a plane, on the CPU.

    Parameters
    ----------
    channels
        q.
    grid
        How the plane is cut.
    pool
        Who computes.
    targets
        What each pixel's response shall be like; by default like its own label.
    """

    def __init__(self, channels: int, grid: Grid, pool: ThreadPool, targets: Targets | None = None):
        self.grid, self.pool, self.channels = grid, pool, channels
        self._targets = targets or Targets(grid.pixels)
        self.values = grid.allocate(channels)  # (H, W, q), padded; later its gradient
        size = (grid.padded_height, grid.padded_width)
        self._labels = torch.zeros(size, dtype=torch.int64)
        self._largest = torch.zeros(size)
        # The rows above and below each block, kept since its neighbours are overwritten.
        self._edges = torch.zeros(len(grid.blocks), 2, grid.padded_width, channels)

    @property
    def labels(self) -> torch.Tensor:
        """The channel of the largest response, 0…q-1, (H, W)."""
        return self._labels[: self.grid.height, : self.grid.width]

    def respond(self, activation: torch.Tensor, matrix: torch.Tensor, offset: torch.Tensor) -> int:
        """Compute the map as activation @ matrix + offset; give how many labels are in use."""

        def compute(place: int) -> torch.Tensor:
            rows = self.grid.blocks[place]
            below = activation[rows].view(-1, activation.shape[2])
            values = self.values[rows].view(-1, self.channels)
            torch.addmm(offset, below, matrix, out=values)
            labels, largest = self._labels[rows].view(-1), self._largest[rows].view(-1)
            torch.max(values, 1, out=(largest, labels))
            self._keep_edges(place)
            valid = self.labels[self.grid.valid_rows(rows)]
            return torch.bincount(valid.reshape(-1), minlength=self.channels)

        blocks = range(len(self.grid.blocks))
        counts = torch.stack(self.pool.map(compute, blocks)).sum(0)
        return int(torch.count_nonzero(counts))

    def differentiate(self, activation: torch.Tensor, weight: float) -> Losses:
        """Replace the map by the gradient of L_sim + weight * L_con and the other terms.

        Parameters
        ----------
        activation
            The activation below, (H, W, in), padded.
        weight
            w of equation 1.
        """
        clusters = self._targets.match(self.labels, self.channels)

        def compute(place: int) -> tuple[torch.Tensor, ...]:
            rows, total = self.grid.blocks[place], make_sums(self.channels)
            terms = self._differentiate_block(place, weight, total, clusters)
            gradient = self.values[rows].view(-1, self.channels)
            return terms, total, gradient.T @ activation[rows].view(-1, activation.shape[2])

        parts = self.pool.map(compute, range(len(self.grid.blocks)))
        terms, total, product = (add_up(column) for column in zip(*parts, strict=True))
        return Losses(terms.tolist(), total, product)

    def _keep_edges(self, place: int) -> None:
        """Keep a block's first and last row for the blocks before and after it."""
        rows = self.grid.blocks[place]
        if place > 0:
            self._edges[place - 1, 1] = self.values[rows.start]
        if place + 1 < len(self.grid.blocks):
            self._edges[place + 1, 0] = self.values[rows.stop - 1]

    def _differentiate_block(
        self, place: int, weight: float, total: torch.Tensor, clusters: torch.Tensor | None
    ) -> torch.Tensor:
        """Write a block's gradient over its responses; give its shares of the terms.

        The sum of the gradient over the pixels is added to the total.
        """
        block = self.grid.blocks[place]
        rows, width = self.grid.valid_rows(block), self.grid.width
        count = rows.stop - rows.start
        if not count:
            self.values[block] = 0
            return make_sums(4)
        response = self.values[rows]  # (rows, padded W, q)
        gradient = self.pool.workspace.take("gradient", count, width, self.channels)
        parts = response, self._labels[rows], self._largest[rows]
        similarity, scribble, guidance = differentiate_entropies(
            self._targets, rows, parts, gradient, clusters
        )
        # Beyond the plane's ends lies the end itself: no difference.
        above = self._edges[place, 0] if rows.start > 0 else response[0]
        below = self._edges[place, 1] if rows.stop < self.grid.height else response[-1]
        down, across = self._count_pairs()
        arrays = (response.numpy(), above.numpy(), below.numpy())
        weights = weight / down, weight / across
        vertical, horizontal = add_continuity(*arrays, *weights, gradient.numpy())
        spread_out(gradient.numpy(), self.values[block].numpy(), total.numpy())
        continuity = vertical / down + horizontal / across
        return torch.tensor([similarity, continuity, scribble, guidance], dtype=torch.float64)

    def _count_pairs(self) -> tuple[int, int]:
        """Count the values that the vertical and the horizontal mean go over, at least 1."""
        height, width, channels = self.grid.height, self.grid.width, self.channels
        return max(1, (height - 1) * width * channels), max(1, height * (width - 1) * channels)


@compiled_sum
def add_continuity(
    response: Values, above: Values, below: Values, down: float, across: float, gradient: Values
) -> tuple[float, float]:
    """Add the gradient of the continuity term to that of a block.

    Parameters
    ----------
    response
        (rows, W or more, q).
    above, below
        The rows next to the block, (W or more, q).
    down, across
        What a vertical and a horizontal difference weighs.
    gradient
        (rows, W, q).

    Returns
    -------
    tuple
        Σ |r(below) - r| and Σ |r(right) - r| over the block.
    """
    rows, width, channels = gradient.shape
    one, zero = np.float32(1), np.float32(0)
    up, side = np.float32(down), np.float32(across)
    vertical = horizontal = 0.0
    for y in range(rows):
        for x in range(width):
            here, result = response[y, x], gradient[y, x]
            left, right = response[y, max(x - 1, 0)], response[y, min(x + 1, width - 1)]
            over = above[x] if y == 0 else response[y - 1, x]
            under = below[x] if y == rows - 1 else response[y + 1, x]
            lower = nearer = zero
            for i in range(channels):
                value = here[i]
                lower += abs(under[i] - value)
                nearer += abs(right[i] - value)
                # The sign of each difference, written so that it needs no branch.
                of_rows = (one if value > over[i] else zero) - (one if value < over[i] else zero)
                of_rows += (one if value > under[i] else zero) - (one if value < under[i] else zero)
                of_line = (one if value > left[i] else zero) - (one if value < left[i] else zero)
                of_line += (one if value > right[i] else zero) - (one if value < right[i] else zero)
                result[i] += up * of_rows + side * of_line
            vertical += float(lower)
            horizontal += float(nearer)
    return vertical, horizontal
