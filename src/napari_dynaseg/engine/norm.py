"""Batch norm as a scale and a shift of each channel, and the way back through it."""

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.network import Stage
from napari_dynaseg.engine.passes import sum_squares, sum_values

EPSILON = 1e-5  # as in torch.nn.BatchNorm2d


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over the pixels of a plane, or of a part of it, float64.

    Parameters
    ----------
    total
        Σ x, (channels,).
    square
        Σ x², (channels,), or the Gram matrix Σ x xᵀ, (channels, channels).
    """

    total: torch.Tensor
    square: torch.Tensor

    @classmethod
    def add_up(cls, parts: Iterable["Moments"]) -> "Moments":
        """Sum the parts, one after the other, so that none need be kept."""
        return reduce(operator.add, parts)

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(self.total + other.total, self.square + other.square)

    @classmethod
    def make_empty(cls, channels: int, needs_products: bool) -> "Moments":
        """Make sums of nothing, to which pixels are added."""
        shape = (channels, channels) if needs_products else (channels,)
        return cls(make_sums(channels), make_sums(*shape))

    def add_values(self, values: torch.Tensor) -> None:
        """Add (pixels, channels), on any device: their sum and their squares or products."""
        if values.device.type == "cpu":
            sum_values(values.numpy(), self.total.numpy())
        else:
            self.total.add_(values.sum(0).cpu())
        self.add_squares(values)

    def add_squares(self, values: torch.Tensor) -> None:
        """Add the squares, or the products, of (pixels, channels)."""
        if self.square.ndim == 2:
            self.square.add_((values.T @ values).cpu())
        elif values.device.type == "cpu":
            sum_squares(values.numpy(), self.square.numpy())
        else:
            self.square.add_(values.square().sum(0).cpu())

    def find_mean_and_covariance(self, pixels: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Give the mean, and the covariance, or the variance if only squares were summed."""
        mean = self.total / pixels
        product = mean**2 if self.square.ndim == 1 else torch.outer(mean, mean)
        return mean, self.square / pixels - product


@dataclass(frozen=True, eq=False)
class Norm:
    """The batch norm of one layer at one step; float64, each of shape (channels,).

    Parameters
    ----------
    mean
        Mean of the layer's values over the plane.
    inverse_deviation
        1 / √(variance + ε), with the variance over N, not N - 1.
    gamma, beta
        The trained scale and shift.
    """

    mean: torch.Tensor
    inverse_deviation: torch.Tensor
    gamma: torch.Tensor
    beta: torch.Tensor

    @classmethod
    def from_variance(cls, mean: torch.Tensor, variance: torch.Tensor, stage: Stage) -> "Norm":
        """Make the norm of a stage from a plane's mean and variance."""
        inverse_deviation = torch.rsqrt(variance.clamp(min=0) + EPSILON)
        gamma, beta = stage.gamma.detach().double(), stage.beta.detach().double()
        return cls(mean, inverse_deviation, gamma, beta)

    @property
    def scale(self) -> torch.Tensor:
        """γ / deviation: the norm gives scale * x + shift."""
        return self.gamma * self.inverse_deviation

    @property
    def shift(self) -> torch.Tensor:
        """What is added after scaling."""
        return self.beta - self.mean * self.scale

    def differentiate(
        self, gradient_sum: torch.Tensor, gradient_dot: torch.Tensor, pixels: int
    ) -> "NormGradient":
        """Find the gradients from two sums over the plane.

        Parameters
        ----------
        gradient_sum
            Σ dz, the gradient of the norm's output.
        gradient_dot
            Σ dz · x, with the norm's input x.
        pixels
            How many pixels the plane has.
        """
        gamma = self.inverse_deviation * (gradient_dot - self.mean * gradient_sum)
        slope = -self.scale * self.inverse_deviation * gamma / pixels
        offset = -self.scale * gradient_sum / pixels - slope * self.mean
        return NormGradient(gamma, gradient_sum, self.scale, slope, offset)


@dataclass(frozen=True, eq=False)
class NormGradient:
    """The gradients of a norm: dx = through * dz + slope * x + offset; each (channels,)."""

    gamma: torch.Tensor
    beta: torch.Tensor
    through: torch.Tensor
    slope: torch.Tensor
    offset: torch.Tensor


def make_sums(*shape: int) -> torch.Tensor:
    """Make sums of nothing, float64."""
    return torch.zeros(shape, dtype=torch.float64)


def add_up(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    """Sum the parts in float64, in their order."""
    return torch.stack(list(parts)).sum(0, dtype=torch.float64)
