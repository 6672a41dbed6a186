"""The 3×3 layers of the network, forward and backward: convolution, ReLU and batch norm.

Each layer keeps its activation after the ReLU. Its batch norm is never written out: the next
layer applies it as it reads. On the way back the activation is overwritten by the gradient of
the convolution's output, as it is needed no more.
"""

from collections.abc import Callable

from napari_dynaseg.backend import torch
from napari_dynaseg.engine import winograd
from napari_dynaseg.engine.grid import TILE, Grid, Rectangle
from napari_dynaseg.engine.lanes import Lanes, Workspace
from napari_dynaseg.engine.norm import Moments, Norm, add_up
from napari_dynaseg.network import Stage

nn = torch.nn

# Over how many sums the gradient of the transformed kernels is spread: 1.4 MB each for 100
# channels, and the most lanes that can work on it. A fixed number keeps the result the same
# whatever the number of lanes.
KERNEL_SUMS = 8

Measure = Callable[[torch.Tensor, Workspace], Moments]
FindBeforeNorm = Callable[[slice, torch.Tensor, torch.Tensor], None]


def sum_squares(values: torch.Tensor, workspace: Workspace) -> Moments:
    """Sum (pixels, channels) and its squares over the pixels."""
    squares = workspace.take("product", *values.shape)
    return Moments(values.sum(0), torch.mul(values, values, out=squares).sum(0))


def sum_products(values: torch.Tensor, workspace: Workspace) -> Moments:  # noqa: ARG001
    """Sum (pixels, channels) and the products of its channels: the Gram matrix."""
    return Moments(values.sum(0), values.T @ values)


class Layer:
    """What both kinds of layer share: the batch norm, and the way back to the convolution.

    Parameters
    ----------
    stage
        The parameters, whose gradients are set.
    grid
        How the plane is cut.
    lanes
        Who computes.
    measure
        `sum_squares` for the batch norm alone; `sum_products` for the layer below the head,
        which needs the Gram matrix.
    """

    moments: Moments
    norm: Norm

    def __init__(
        self,
        stage: Stage,
        grid: Grid,
        lanes: Lanes,
        measure: Measure,
    ):
        self.stage = stage
        self.grid, self.lanes, self.measure = grid, lanes, measure
        self.activation = grid.allocate(stage.width)  # (H, W, out), padded

    def forward(self) -> None:
        """Compute the activation and the batch norm from what lies below."""
        raise NotImplementedError

    def set_kernel_gradient(self, gradient: torch.Tensor) -> None:
        """Set the kernels' gradient, once the output's gradient stands in the activation.

        Parameters
        ----------
        gradient
            Takes the gradient of the batch norm of the layer below, if there is one, (H, W, in).
        """
        raise NotImplementedError

    def _collect(self, parts: list[Moments]) -> None:
        """Find the batch norm from the moments of the parts."""
        self.moments = Moments.add_up(parts)
        mean, spread = self.moments.find_mean_and_covariance(self.grid.pixels)
        variance = spread if spread.ndim == 1 else spread.diagonal()
        self.norm = Norm.from_variance(mean, variance, self.stage)

    def set_gradients_behind_norm(self, gradient: torch.Tensor) -> None:
        """Go back through the batch norm and the ReLU.

        Sets the gradients of γ, β and the convolution's bias, and leaves the gradient of the
        convolution's output in the place of the activation.

        Parameters
        ----------
        gradient
            Gradient of the batch norm's output, (H, W, out), padded with zeros.
        """
        sums = self.lanes.map(lambda rows: self._sum_gradient(gradient, rows), self.grid.blocks)
        behind = self.norm.differentiate(
            add_up([part for part, _ in sums]),
            add_up([part for _, part in sums]),
            self.grid.pixels,
        )
        set_gradient(self.stage.gamma, behind.gamma)
        set_gradient(self.stage.beta, behind.beta)
        through, slope, offset = (
            vector.float() for vector in (behind.through, behind.slope, behind.offset)
        )

        def find_before_norm(rows: slice, activation: torch.Tensor, before: torch.Tensor) -> None:
            torch.addcmul(offset, activation, slope, out=before)
            before.addcmul_(flatten(gradient[rows]), through)

        self.pass_relu_back(find_before_norm)

    def pass_relu_back(self, find_before_norm: FindBeforeNorm) -> None:
        """Go back through the ReLU, from what a function gives for the gradient behind it.

        Sets the gradient of the convolution's bias, and leaves the gradient of the convolution's
        output in the place of the activation.

        Parameters
        ----------
        find_before_norm
            Gets the rows of a block, its activation, and the place where it writes the gradient
            of the batch norm's input, both (pixels, out).
        """

        def go_back(rows: slice) -> torch.Tensor:
            activation = flatten(self.activation[rows])
            before = self.lanes.workspace.take("before norm", *activation.shape)
            find_before_norm(rows, activation, before)
            torch.ops.aten.threshold_backward.grad_input(
                before, activation, 0, grad_input=activation
            )
            return activation.sum(0)

        set_gradient(self.stage.bias, add_up(self.lanes.map(go_back, self.grid.blocks)))

    def _sum_gradient(
        self, gradient: torch.Tensor, rows: slice
    ) -> tuple[torch.Tensor, torch.Tensor]:
        self.grid.clear_margin(gradient, rows)
        block, activation = flatten(gradient[rows]), flatten(self.activation[rows])
        product = self.lanes.workspace.take("product", *block.shape)
        return block.sum(0), torch.mul(block, activation, out=product).sum(0)


class FirstLayer(Layer):
    """The layer on the image, whose 3×3 neighbourhoods are laid out once and for all."""

    def __init__(
        self,
        image: torch.Tensor,
        stage: Stage,
        grid: Grid,
        lanes: Lanes,
        measure: Measure,
    ):
        super().__init__(stage, grid, lanes, measure)
        self._neighbourhoods = lay_out_neighbourhoods(image, grid)  # (H, W, 9 in), padded

    def forward(self) -> None:
        """Compute the activation and the batch norm from the image."""
        kernels = flatten_kernels(self.stage)

        def compute(rows: slice) -> Moments:
            activation = flatten(self.activation[rows])
            inputs = flatten(self._neighbourhoods[rows])
            torch.addmm(self.stage.bias, inputs, kernels, out=activation).relu_()
            self.grid.clear_margin(self.activation, rows)
            return self.measure(activation, self.lanes.workspace)

        self._collect(self.lanes.map(compute, self.grid.blocks))

    def set_kernel_gradient(self, gradient: torch.Tensor) -> None:  # noqa: ARG002
        """Set the gradient of the kernels, once the gradient stands in the activation."""

        def compute(rows: slice) -> torch.Tensor:
            return flatten(self.activation[rows]).T @ flatten(self._neighbourhoods[rows])

        total = add_up(self.lanes.map(compute, self.grid.blocks))  # (out, 9 in)
        kernels = total.view(len(total), 3, 3, -1).permute(0, 3, 1, 2)
        set_gradient(self.stage.weight, kernels)


class DeeperLayer(Layer):
    """A layer on another one, by Winograd's convolution."""

    def __init__(
        self,
        below: Layer,
        stage: Stage,
        grid: Grid,
        lanes: Lanes,
        measure: Measure,
    ):
        super().__init__(stage, grid, lanes, measure)
        self.below = below
        shares = [grid.rectangles[start::KERNEL_SUMS] for start in range(KERNEL_SUMS)]
        self._shares = [share for share in shares if share]
        width = stage.width
        self._kernel_sums = torch.zeros(len(self._shares), winograd.PLACES, width, width)

    def forward(self) -> None:
        """Compute the activation and the batch norm from the layer below."""
        kernels = winograd.transform_kernels(self.stage.weight.detach())
        scale, shift = self.below.norm.scale.float(), self.below.norm.shift.float()

        def compute(part: Rectangle) -> Moments:
            workspace = self.lanes.workspace
            padded = cut_out(self.below.activation, part, self.grid, workspace, scale, shift)
            outputs = convolve(padded, kernels, workspace)
            activation = flatten(outputs.add_(self.stage.bias).relu_())
            picture = winograd.as_picture(outputs, part.rows, part.columns)
            clear_beyond(picture, part, self.grid)
            see_part(self.activation, part).copy_(picture)
            return self.measure(activation, workspace)

        self._collect(self.lanes.map(compute, self.grid.rectangles))

    def set_kernel_gradient(self, gradient: torch.Tensor) -> None:
        """Set the gradient of the kernels, and find that of the layer below.

        Parameters
        ----------
        gradient
            Where the gradient of the batch norm of the layer below is written, (H, W, in).
        """
        turned = self.stage.weight.detach().flip(2, 3).transpose(0, 1)
        kernels_back = winograd.transform_kernels(turned)
        scale, shift = self.below.norm.scale.float(), self.below.norm.shift.float()

        def go_back(share: int) -> None:
            workspace, kernel_sum = self.lanes.workspace, self._kernel_sums[share].zero_()
            for part in self._shares[share]:
                below = cut_out(self.below.activation, part, self.grid, workspace, scale, shift)
                inputs = winograd.transform_input(below, workspace)
                outputs = cut_out(self.activation, part, self.grid, workspace)
                errors = winograd.transform_output_back(outputs, workspace)
                torch.baddbmm(kernel_sum, inputs.transpose(1, 2), errors, out=kernel_sum)
                result = convolve(outputs, kernels_back, workspace)
                picture = winograd.as_picture(result, part.rows, part.columns)
                see_part(gradient, part).copy_(picture)

        self.lanes.map(go_back, range(len(self._shares)))
        total = self._kernel_sums.sum(0)
        set_gradient(self.stage.weight, winograd.transform_kernels_back(total))


def lay_out_neighbourhoods(image: torch.Tensor, grid: Grid) -> torch.Tensor:
    """Lay out the 3×3 neighbourhood of each pixel, zeros beyond the plane.

    Parameters
    ----------
    image
        (channels, H, W).

    Returns
    -------
    torch.Tensor
        (padded H, padded W, 9 channels): row of the neighbourhood, column, channel.
    """
    padded = nn.functional.pad(image, (1, 1, 1, 1)).permute(1, 2, 0)  # (H + 2, W + 2, channels)
    neighbourhoods = grid.allocate(9 * len(image))
    cells = neighbourhoods.view(grid.padded_height, grid.padded_width, 3, 3, -1)
    windows = padded.unfold(0, 3, 1).unfold(1, 3, 1)  # (H, W, channels, 3, 3)
    cells[: grid.height, : grid.width] = windows.permute(0, 1, 3, 4, 2)
    return neighbourhoods


def flatten_kernels(stage: Stage) -> torch.Tensor:
    """Lay out 3×3 kernels as `lay_out_neighbourhoods` lays out pixels: (9 in, out)."""
    return stage.weight.detach().permute(2, 3, 1, 0).reshape(-1, stage.width)


def convolve(padded: torch.Tensor, kernels: torch.Tensor, workspace: Workspace) -> torch.Tensor:
    """Convolve a padded rectangle with transformed kernels: (4, 4, tiles, out)."""
    inputs = winograd.transform_input(padded, workspace)
    products = workspace.take("products", *inputs.shape[:2], kernels.shape[2])
    return winograd.transform_output(torch.bmm(inputs, kernels, out=products), workspace)


def cut_out(
    array: torch.Tensor,
    part: Rectangle,
    grid: Grid,
    workspace: Workspace,
    scale: torch.Tensor | None = None,
    shift: torch.Tensor | None = None,
) -> torch.Tensor:
    """Copy a rectangle with one pixel around it, zeros beyond the plane, scaled and shifted."""
    top, left = TILE * part.top - 1, TILE * part.left - 1
    height, width = TILE * part.rows + 2, TILE * part.columns + 2
    padded = workspace.take("padded", height, width, array.shape[2])
    rows = slice(max(top, 0), min(top + height, grid.height))
    columns = slice(max(left, 0), min(left + width, grid.width))
    if (rows.stop - rows.start, columns.stop - columns.start) != (height, width):
        padded.zero_()
    inside = padded[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    if scale is None or shift is None:
        inside.copy_(array[rows, columns])
    else:
        torch.addcmul(shift, array[rows, columns], scale, out=inside)
    return padded


def clear_beyond(picture: torch.Tensor, part: Rectangle, grid: Grid) -> None:
    """Put zeros where (rows, 4, columns, 4, channels) reaches beyond the plane."""
    if TILE * part.bottom > grid.height:
        picture[-1, grid.height - TILE * part.bottom :] = 0
    if TILE * part.right > grid.width:
        picture[:, :, -1, grid.width - TILE * part.right :] = 0


def see_part(array: torch.Tensor, part: Rectangle) -> torch.Tensor:
    """See a rectangle of a padded array as (rows, 4, columns, 4, channels)."""
    rows = slice(TILE * part.top, TILE * part.bottom)
    columns = slice(TILE * part.left, TILE * part.right)
    return winograd.see_tiles(array[rows, columns])


def flatten(block: torch.Tensor) -> torch.Tensor:
    """See (…, channels) as (pixels, channels)."""
    return block.reshape(-1, block.shape[-1])


def set_gradient(parameter: torch.Tensor, gradient: torch.Tensor) -> None:
    """Set a parameter's gradient, for the optimiser."""
    parameter.grad = gradient.reshape(parameter.shape).to(parameter.dtype)
