"""The 3×3 layers of the network, forward and backward: convolution, ReLU and batch norm.

Each layer keeps its activation after the ReLU. Its batch norm is never written out: the next
layer applies it as it reads. On the way back the activation is overwritten by the gradient of
the convolution's output, as it is needed no more.
"""

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field

from napari_dynaseg.engine import passes
from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.compiled import Values
from napari_dynaseg.engine.cpu import winograd
from napari_dynaseg.engine.cpu.grid import TILE, Grid, Rectangle
from napari_dynaseg.engine.cpu.thread_pool import ThreadPool, Workspace
from napari_dynaseg.engine.edges import add_gradient_beyond
from napari_dynaseg.engine.network import Stage, set_gradient
from napari_dynaseg.engine.norm import Moments, Norm, add_up, make_sums
from napari_dynaseg.settings import Padding

# Over how many sums the gradient of the transformed kernels is spread: 1.4 MB each for 100
# channels, and the most threads that can work on it. A fixed number keeps the result the same
# whatever the number of threads.
KERNEL_SUMS = 8
# And over how many the sums of an activation and the products of its channels: 0.08 MB each.
ACTIVATION_SUMS = 32

FindGradient = Callable[[slice, torch.Tensor], torch.Tensor]
Reading = tuple[torch.Tensor, torch.Tensor, Padding]  # how a layer is read: scale, shift, padding


@dataclass(eq=False)
class Layer:
    """What both kinds of layer share: the batch norm, and the way back to the convolution.

    Parameters
    ----------
    stage
        The parameters, whose gradients are set.
    grid
        How the plane is cut.
    pool
        Who computes.
    needs_products
        Whether the Gram matrix is wanted, as below the head, and not the squares alone.
    """

    stage: Stage
    grid: Grid
    pool: ThreadPool
    needs_products: bool
    moments: Moments = field(init=False)
    norm: Norm = field(init=False)

    def __post_init__(self) -> None:
        self.activation = self.grid.allocate(self.stage.width)  # (H, W, out), padded

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
        sums = self.pool.map(lambda rows: self._sum_gradient(gradient, rows), self.grid.blocks)
        behind = self.norm.differentiate(
            add_up([part for part, _ in sums]),
            add_up([part for _, part in sums]),
            self.grid.pixels,
        )
        set_gradient(self.stage.gamma, behind.gamma)
        set_gradient(self.stage.beta, behind.beta)
        vectors = behind.through, behind.slope, behind.offset
        through, slope, offset = (vector.float().numpy() for vector in vectors)
        self.pass_back(lambda rows, _: flatten(gradient[rows]), through, slope, offset)

    def pass_back(
        self, find_gradient: FindGradient, through: Values, slope: Values, offset: Values
    ) -> None:
        """Go back through the batch norm and the ReLU, to the convolution's output.

        Sets the gradient of the convolution's bias, and leaves the gradient of the convolution's
        output in the place of the activation.

        Parameters
        ----------
        find_gradient
            Gets the rows of a block and its activation, and gives the gradient of the batch
            norm's output, both (pixels, out).
        through, slope, offset
            Of the batch norm; see `napari_dynaseg.engine.norm.NormGradient`.
        """

        def go_back(rows: slice) -> torch.Tensor:
            activation, total = flatten(self.activation[rows]), make_sums(self.stage.width)
            behind = find_gradient(rows, activation).numpy()
            passes.pass_norm_and_relu_back(
                activation.numpy(), behind, through, slope, offset, total.numpy()
            )
            return total

        set_gradient(self.stage.bias, add_up(self.pool.map(go_back, self.grid.blocks)))

    def _sum_gradient(
        self, gradient: torch.Tensor, rows: slice
    ) -> tuple[torch.Tensor, torch.Tensor]:
        self.grid.clear_margin(gradient, rows)
        block, activation = flatten(gradient[rows]), flatten(self.activation[rows])
        total, dot = make_sums(self.stage.width), make_sums(self.stage.width)
        passes.sum_with_products(block.numpy(), activation.numpy(), total.numpy(), dot.numpy())
        return total, dot


@dataclass(eq=False)
class FirstLayer(Layer):
    """The layer on the image, whose 3×3 neighbourhoods are laid out once and for all."""

    image: InitVar[torch.Tensor]  # (channels, H, W)

    def __post_init__(self, image: torch.Tensor) -> None:
        super().__post_init__()
        # (H, W, 9 in), padded
        self._neighbourhoods = lay_out_neighbourhoods(image, self.grid, self.stage.padding)

    def forward(self) -> None:
        """Compute the activation and the batch norm from the image."""
        kernels = flatten_kernels(self.stage)

        def compute(rows: slice) -> Moments:
            activation = flatten(self.activation[rows])
            inputs = flatten(self._neighbourhoods[rows])
            torch.addmm(self.stage.bias, inputs, kernels, out=activation).relu_()
            self.grid.clear_margin(self.activation, rows)
            moments = Moments.make_empty(self.stage.width, self.needs_products)
            moments.add_values(activation)
            return moments

        self._collect(self.pool.map(compute, self.grid.blocks))

    def set_kernel_gradient(self, gradient: torch.Tensor) -> None:  # noqa: ARG002
        """Set the gradient of the kernels, once the gradient stands in the activation."""

        def compute(rows: slice) -> torch.Tensor:
            return flatten(self.activation[rows]).T @ flatten(self._neighbourhoods[rows])

        total = add_up(self.pool.map(compute, self.grid.blocks))  # (out, 9 in)
        kernels = total.view(len(total), 3, 3, -1).permute(0, 3, 1, 2)
        set_gradient(self.stage.weight, kernels)


@dataclass(eq=False)
class DeeperLayer(Layer):
    """A layer on another one, by Winograd's convolution."""

    below: Layer

    def __post_init__(self) -> None:
        super().__post_init__()
        self._shares = self.grid.share_rectangles(KERNEL_SUMS)
        width = self.stage.width
        self._kernel_sums = torch.zeros(len(self._shares), winograd.PLACES, width, width)
        # What a convolution reads without a batch norm before it, on the way back.
        self._as_it_is: Reading = torch.ones(width), torch.zeros(width), "zeros"

    def forward(self) -> None:
        """Compute the activation and the batch norm from the layer below."""
        kernels = winograd.transform_kernels(self.stage.weight.detach())
        below, bias = self._describe_below(), self.stage.bias.detach().numpy()

        def compute(share: list[Rectangle]) -> Moments:
            moments = Moments.make_empty(self.stage.width, self.needs_products)
            total, workspace = moments.total.numpy(), self.pool.workspace
            for part in share:
                padded = cut_out(self.below.activation, part, self.grid, workspace, *below)
                picture = winograd.convolve(padded, kernels, workspace)
                where = TILE * part.top, TILE * part.left, self.grid.height, self.grid.width
                passes.finish_rectangle(
                    picture.numpy(), bias, self.activation.numpy(), *where, total
                )
                moments.add_squares(flatten(picture))
            return moments

        self._collect(self.pool.map(compute, self.grid.share_rectangles(ACTIVATION_SUMS)))

    def set_kernel_gradient(self, gradient: torch.Tensor) -> None:
        """Set the gradient of the kernels, and find that of the layer below.

        Parameters
        ----------
        gradient
            Where the gradient of the batch norm of the layer below is written, (H, W, in).
        """
        turned = self.stage.weight.detach().flip(2, 3).transpose(0, 1)
        kernels_back = winograd.transform_kernels(turned)
        described = self._describe_below()

        def go_back(share: int) -> None:
            workspace, kernel_sum = self.pool.workspace, self._kernel_sums[share].zero_()
            for part in self._shares[share]:
                below = cut_out(self.below.activation, part, self.grid, workspace, *described)
                inputs = winograd.transform_input(below, workspace)
                outputs = cut_out(self.activation, part, self.grid, workspace, *self._as_it_is)
                errors = winograd.transform_output_back(outputs, workspace)
                torch.baddbmm(kernel_sum, inputs.transpose(1, 2), errors, out=kernel_sum)
                see_part(gradient, part).copy_(winograd.convolve(outputs, kernels_back, workspace))

        self.pool.map(go_back, range(len(self._shares)))
        if self.stage.padding == "replicate":
            plane = slice(self.grid.height), slice(self.grid.width)
            add_gradient_beyond(gradient[plane], self.activation[plane], self.stage.weight.detach())
        total = self._kernel_sums.sum(0)
        set_gradient(self.stage.weight, winograd.transform_kernels_back(total))

    def _describe_below(self) -> Reading:
        """Give the scale, the shift and the padding that the layer below is read with."""
        norm = self.below.norm
        return norm.scale.float(), norm.shift.float(), self.stage.padding


def lay_out_neighbourhoods(image: torch.Tensor, grid: Grid, padding: Padding) -> torch.Tensor:
    """Lay out the 3×3 neighbourhood of each pixel.

    Parameters
    ----------
    image
        (channels, H, W).
    padding
        What lies beyond the plane.

    Returns
    -------
    torch.Tensor
        (padded H, padded W, 9 channels): row of the neighbourhood, column, channel.
    """
    mode = "replicate" if padding == "replicate" else "constant"
    padded = torch.nn.functional.pad(image, (1,) * 4, mode).permute(1, 2, 0)  # (H + 2, W + 2, in)
    neighbourhoods = grid.allocate(9 * len(image))
    cells = neighbourhoods.view(grid.padded_height, grid.padded_width, 3, 3, -1)
    cells[: grid.height, : grid.width] = see_neighbourhoods(padded)
    return neighbourhoods


def see_neighbourhoods(padded: torch.Tensor) -> torch.Tensor:
    """See the 3×3 neighbourhoods in (H + 2, W + 2, channels): (H, W, 3, 3, channels)."""
    return padded.unfold(0, 3, 1).unfold(1, 3, 1).permute(0, 1, 3, 4, 2)


def flatten_kernels(stage: Stage) -> torch.Tensor:
    """Lay out 3×3 kernels as `lay_out_neighbourhoods` lays out pixels: (9 in, out)."""
    return stage.weight.detach().permute(2, 3, 1, 0).reshape(-1, stage.width)


def cut_out(
    array: torch.Tensor,
    part: Rectangle,
    grid: Grid,
    workspace: Workspace,
    scale: torch.Tensor,
    shift: torch.Tensor,
    padding: Padding,
) -> torch.Tensor:
    """Copy a rectangle with one pixel around it, scaled and shifted."""
    padded = workspace.take("padded", TILE * part.rows + 2, TILE * part.columns + 2, array.shape[2])
    where = TILE * part.top - 1, TILE * part.left - 1, grid.height, grid.width
    norm, goes_on = (scale.numpy(), shift.numpy()), padding == "replicate"
    passes.cut_out(array.numpy(), *where, *norm, padded.numpy(), goes_on)
    return padded


def see_part(array: torch.Tensor, part: Rectangle) -> torch.Tensor:
    """See a rectangle of a padded array."""
    rows = slice(TILE * part.top, TILE * part.bottom)
    return array[rows, TILE * part.left : TILE * part.right]


def flatten(block: torch.Tensor) -> torch.Tensor:
    """See (…, channels) as (pixels, channels)."""
    return block.reshape(-1, block.shape[-1])
