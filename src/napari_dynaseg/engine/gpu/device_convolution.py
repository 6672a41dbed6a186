"""A 3×3 convolution and its ReLU as three matrix products, for a GPU.

In float32 a library's own convolutions fall back on slow kernels, above all on the way back;
matrix products are near the device's peak, and add up in the same order each time.
"""

from typing import Any

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.edges import add_gradient_beyond
from napari_dynaseg.settings import Padding


class Activation(torch.autograd.Function):
    """The ReLU of an array, (H, W, in), convolved by kernels (out, in, 3, 3)."""

    @staticmethod
    def forward(
        context: Any,
        values: torch.Tensor,
        kernels: torch.Tensor,
        bias: torch.Tensor,
        padding: Padding,
    ) -> torch.Tensor:
        """Give (H, W, out)."""
        activation = convolve(values, kernels, bias, padding).relu_()
        context.save_for_backward(values, kernels, activation)
        context.padding = padding
        return activation

    @staticmethod
    def backward(
        context: Any, gradient: torch.Tensor
    ) -> tuple[torch.Tensor | None, torch.Tensor, torch.Tensor, None]:
        """Give the gradients of the values, where anybody needs it, the kernels and the bias."""
        values, kernels, activation = context.saved_tensors
        gradient = gradient.contiguous() * (activation > 0)
        of_kernels = differentiate_kernels(values, gradient, context.padding)
        own = of_kernels, gradient.sum((0, 1)), None
        if not context.needs_input_grad[0]:
            return None, *own
        # The way back is the convolution with the kernels turned round.
        turned = kernels.flip(2, 3).transpose(0, 1)
        back = convolve(gradient, turned, gradient.new_zeros(len(turned)), "zeros")
        if context.padding == "replicate":
            add_gradient_beyond(back, gradient, kernels)
        return back, *own


def lay_side_by_side(values: torch.Tensor, padding: Padding) -> torch.Tensor:
    """Lay the left neighbour's values, the own and the right one's in a row: (H, W, 3 · in)."""
    height, width, channels = values.shape
    row = values.new_empty(height, width, 3, channels)
    row[:, 1:, 0], row[:, :, 1], row[:, :-1, 2] = values[:, :-1], values, values[:, 1:]
    goes_on = padding == "replicate"
    row[:, 0, 0] = values[:, 0] if goes_on else 0
    row[:, -1, 2] = values[:, -1] if goes_on else 0
    return row.view(height, width, -1)


def convolve(
    values: torch.Tensor, kernels: torch.Tensor, bias: torch.Tensor, padding: Padding
) -> torch.Tensor:
    """Convolve (H, W, in): (H, W, out), with one product a kernel's row."""
    row = lay_side_by_side(values, padding)
    height, width, _ = row.shape
    above, own, below = kernels.permute(2, 3, 1, 0).flatten(1, 2)  # each (3 · in, out)
    result = torch.addmm(bias, row.flatten(0, 1), own)
    if height > 1:
        result[width:].addmm_(row[:-1].flatten(0, 1), above)
        result[:-width].addmm_(row[1:].flatten(0, 1), below)
    if padding == "replicate":
        result[:width].addmm_(row[0], above)
        result[-width:].addmm_(row[-1], below)
    return result.view(height, width, -1)


def differentiate_kernels(
    values: torch.Tensor, gradient: torch.Tensor, padding: Padding
) -> torch.Tensor:
    """Give the gradient of the kernels, (out, in, 3, 3), from that of the result, (H, W, out)."""
    row = lay_side_by_side(values, padding)
    height, _, incoming = row.shape
    parts = row.new_zeros(3, incoming, gradient.shape[2])
    for place, rows, behind in (
        (0, slice(None, -1), slice(1, None)),
        (1, slice(None), slice(None)),
        (2, slice(1, None), slice(None, -1)),
    ):
        if height > 1 or place == 1:
            parts[place] = row[rows].flatten(0, 1).T @ gradient[behind].flatten(0, 1)
    if padding == "replicate":
        parts[0].addmm_(row[0].T, gradient[0])
        parts[2].addmm_(row[-1].T, gradient[-1])
    return parts.view(3, 3, -1, gradient.shape[2]).permute(3, 2, 0, 1)
