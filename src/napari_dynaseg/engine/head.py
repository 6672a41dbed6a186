"""The last layer, a 1×1 convolution and batch norm, folded with the norm before it.

From the activation y below to the response map all is linear once the batch norms are known,
and they are known from the sum and the Gram matrix of y alone: the variance of a weighted sum
follows from the covariance. So the response map takes one matrix product, and the way back
two; what happens between is algebra on small matrices, in float64.
"""

from dataclasses import dataclass

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.network import Stage, set_gradient
from napari_dynaseg.engine.norm import Moments, Norm


@dataclass(frozen=True, eq=False)
class InputGradient:
    """How dy, that of the activation below, follows: dr @ response + y @ activation + offset."""

    response: torch.Tensor  # (q, in)
    activation: torch.Tensor  # (in, in)
    offset: torch.Tensor  # (in,)


class Head:
    """The last layer at one step.

    Parameters
    ----------
    stage
        The parameters, whose gradients are set.
    stage_below
        That of the layer below; `None` if the image itself lies below.
    moments
        Σ y and the Gram matrix Σ y yᵀ of the activation below over the plane, float64.
    pixels
        How many pixels the plane has.
    """

    def __init__(self, stage: Stage, stage_below: Stage | None, moments: Moments, pixels: int):
        self._stage, self._stage_below = stage, stage_below
        self._moments, self._pixels = moments, pixels
        mean, covariance = moments.find_mean_and_covariance(pixels)
        self._below = _make_norm_below(stage_below, mean, covariance.diagonal())
        self._weight = stage.weight.detach().double().flatten(1)  # (q, in)
        self._scaled = self._weight * self._below.scale  # from y to the convolution's output
        variance = ((self._scaled @ covariance) * self._scaled).sum(1)
        self._norm = Norm.from_variance(self._scaled @ mean, variance, stage)

    def fold(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Give matrix and offset of the response map: r = y @ matrix + offset."""
        matrix = (self._scaled * self._norm.scale[:, None]).T  # (in, q)
        return matrix.float().contiguous(), self._norm.shift.float()

    def set_gradients(self, product: torch.Tensor, total: torch.Tensor) -> InputGradient | None:
        """Set the gradients of the last layer and the norm below; give that of the activation.

        Where the image itself lies below, it has none.

        Parameters
        ----------
        product
            Σ dr yᵀ over the plane, with the response map's gradient dr, (q, in), float64.
        total
            Σ dr over the plane, (q,), float64.
        """
        # Σ dr · t for the convolution's output t = scaled @ y, by linearity.
        behind = self._norm.differentiate(total, (product * self._scaled).sum(1), self._pixels)
        set_gradient(self._stage.gamma, behind.gamma)
        set_gradient(self._stage.beta, behind.beta)
        # Σ dt yᵀ, with dt = through * dr + slope * t + offset.
        products = (
            behind.through[:, None] * product
            + behind.slope[:, None] * (self._scaled @ self._moments.square)
            + torch.outer(behind.offset, self._moments.total)
        )  # (q, in)
        set_gradient(self._stage.weight, products * self._below.scale)
        # The batch norm takes away what a bias adds: its gradient is 0 by nature.
        set_gradient(self._stage.bias, torch.zeros_like(total))
        if self._stage_below is None:
            return None
        # Σ dz is 0, since Σ dt is: a batch norm's input gradients cancel over the plane.
        gradient_dot = (self._weight * products).sum(0)
        below = self._below.differentiate(
            torch.zeros_like(gradient_dot), gradient_dot, self._pixels
        )
        set_gradient(self._stage_below.gamma, below.gamma)
        set_gradient(self._stage_below.beta, below.beta)
        # Of the norm's output z first, dz from dr and from y; then of its input.
        response = behind.through[:, None] * self._weight
        matrix = (behind.slope[:, None] * self._scaled).T @ self._weight  # (in, in)
        offset = behind.offset @ self._weight
        return InputGradient(
            (response * below.through).float().contiguous(),
            (matrix * below.through + below.slope.diag()).float().contiguous(),
            (offset * below.through + below.offset).float(),
        )


def _make_norm_below(stage: Stage | None, mean: torch.Tensor, variance: torch.Tensor) -> Norm:
    if stage is not None:
        return Norm.from_variance(mean, variance, stage)
    one, zero = torch.ones_like(mean), torch.zeros_like(mean)
    return Norm(zero, one, one, zero)
