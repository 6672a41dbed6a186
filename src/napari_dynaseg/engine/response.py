"""The response map: its labels, its loss, and the gradient of the loss, written out by hand.

The gradient of a mean absolute difference is the sign of the difference, once for each of the
two pixels; for that of the cross-entropy see `napari_dynaseg.engine.targets`. Both are written
over the response map, block by block.
"""

from dataclasses import dataclass

from napari_dynaseg.backend import torch
from napari_dynaseg.engine.grid import Grid
from napari_dynaseg.engine.lanes import Lanes, Workspace
from napari_dynaseg.engine.norm import add_up
from napari_dynaseg.engine.targets import Targets


@dataclass(frozen=True, eq=False)
class Losses:
    """The two terms of the loss, and sums over the plane that the way back needs, float64.

    Parameters
    ----------
    similarity, continuity
        L_sim and L_con of equation 1.
    scribble
        The term of the scribbles.
    total
        Σ dr, (q,), with the gradient dr.
    product
        Σ dr yᵀ, (q, in), with the activation y below.
    """

    similarity: float
    continuity: float
    scribble: float
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
    lanes
        Who computes.
    targets
        What each pixel's response shall be like; by default like its own label.
    """

    def __init__(self, channels: int, grid: Grid, lanes: Lanes, targets: Targets | None = None):
        self.grid, self.lanes, self.channels = grid, lanes, channels
        self._targets = targets or Targets.without_scribbles(grid.pixels)
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

        def compute(rows: slice) -> torch.Tensor:
            below = activation[rows].view(-1, activation.shape[2])
            values = self.values[rows].view(-1, self.channels)
            torch.addmm(offset, below, matrix, out=values)
            labels, largest = self._labels[rows].view(-1), self._largest[rows].view(-1)
            torch.max(values, 1, out=(largest, labels))
            valid = self.labels[self.grid.valid_rows(rows)]
            return torch.bincount(valid.reshape(-1), minlength=self.channels)

        counts = torch.stack(self.lanes.map(compute, self.grid.blocks)).sum(0)
        return int(torch.count_nonzero(counts))

    def differentiate(self, activation: torch.Tensor, weight: float) -> Losses:
        """Replace the map by the gradient of L_sim + weight * L_con.

        Parameters
        ----------
        activation
            The activation below, (H, W, in), padded.
        weight
            w of equation 1.
        """
        self._keep_edges()

        def compute(place: int) -> tuple[torch.Tensor, ...]:
            rows = self.grid.blocks[place]
            terms = self._differentiate_block(place, weight)
            self.grid.clear_margin(self.values, rows)
            gradient = self.values[rows].view(-1, self.channels)
            product = gradient.T @ activation[rows].view(-1, activation.shape[2])
            return terms, gradient.sum(0), product

        parts = self.lanes.map(compute, range(len(self.grid.blocks)))
        terms, total, product = (add_up(column) for column in zip(*parts, strict=True))
        similarity, continuity, scribble = terms.tolist()
        return Losses(similarity, continuity, scribble, total, product)

    def _keep_edges(self) -> None:
        for place, rows in enumerate(self.grid.blocks):
            if rows.start > 0:
                self._edges[place, 0] = self.values[rows.start - 1]
            if rows.stop < self.grid.height:
                self._edges[place, 1] = self.values[rows.stop]

    def _differentiate_block(self, place: int, weight: float) -> torch.Tensor:
        """Write a block's gradient over its responses; give its shares of L_sim and L_con."""
        rows, width = self.grid.valid_rows(self.grid.blocks[place]), self.grid.width
        response = self.values[rows, :width]
        if not len(response):
            return torch.zeros(3, dtype=torch.float64)
        workspace = self.lanes.workspace
        gradient = workspace.take("gradient", *response.shape)
        similarity, scribble = self._targets.add_gradient(
            rows, response, self._labels[rows, :width], self._largest[rows, :width], gradient
        )
        above = self._edges[place, 0, :width] if rows.start > 0 else None
        below = self._edges[place, 1, :width] if rows.stop < self.grid.height else None
        pairs = (
            max(1, (self.grid.height - 1) * self.grid.width * self.channels),
            max(1, self.grid.height * (self.grid.width - 1) * self.channels),
        )
        continuity = add_continuity(response, above, below, weight, pairs, gradient, workspace)
        response.copy_(gradient)
        return torch.stack([similarity, continuity, scribble])


def add_continuity(
    response: torch.Tensor,
    above: torch.Tensor | None,
    below: torch.Tensor | None,
    weight: float,
    pairs: tuple[int, int],
    gradient: torch.Tensor,
    workspace: Workspace,
) -> torch.Tensor:
    """Add the gradient of weight * L_con, and give the block's share of L_con.

    Parameters
    ----------
    response, gradient
        (rows, W, q).
    above, below
        The rows next to the block, (W, q); `None` at the end of the plane.
    weight
        w of equation 1.
    pairs
        How many values the means go over, vertically and horizontally.
    workspace
        For the differences.
    """
    down, across = pairs
    rows, width, channels = response.shape
    horizontal = workspace.take("difference", rows, width - 1, channels)
    torch.sub(response[:, 1:], response[:, :-1], out=horizontal)
    share = sum_absolute(horizontal) / across
    horizontal.sign_()
    gradient[:, 1:].add_(horizontal, alpha=weight / across)
    gradient[:, :-1].sub_(horizontal, alpha=weight / across)
    vertical = workspace.take("difference", rows - 1, width, channels)
    torch.sub(response[1:], response[:-1], out=vertical)
    share += sum_absolute(vertical) / down
    vertical.sign_()
    gradient[1:].add_(vertical, alpha=weight / down)
    gradient[:-1].sub_(vertical, alpha=weight / down)
    if above is not None:
        gradient[0].add_((response[0] - above).sign_(), alpha=weight / down)
    if below is not None:
        edge = below - response[-1]
        share += sum_absolute(edge) / down
        gradient[-1].sub_(edge.sign_(), alpha=weight / down)
    return share


def sum_absolute(values: torch.Tensor) -> torch.Tensor:
    """Sum |values|, float64; row by row first, so that float32 suffices within a row."""
    if not values.numel():
        return torch.zeros((), dtype=torch.float64)
    norms: torch.Tensor = torch.linalg.vector_norm(values.reshape(len(values), -1), 1, dim=1)
    return norms.sum(dtype=torch.float64)
