"""The way back from beyond the plane, where a convolution saw the pixels at its edge again."""

from napari_dynaseg.engine.backend import torch


def add_gradient_beyond(
    gradient: torch.Tensor, behind: torch.Tensor, kernels: torch.Tensor
) -> None:
    """Add what falls on the frame of copies around a plane to the pixels that they are copies of.

    Parameters
    ----------
    gradient
        That of the values without the frame, (H, W, in); changed in place.
    behind
        That of the convolution's output, (H, W, out).
    kernels
        (out, in, 3, 3).
    """
    for end in (0, -1):  # the frame's corners belong to its rows
        gradient[end] += _go_back_along(behind[end], kernels[:, :, end], has_corners=True)
        gradient[:, end] += _go_back_along(behind[:, end], kernels[:, :, :, end])


def _go_back_along(
    line: torch.Tensor, taps: torch.Tensor, *, has_corners: bool = False
) -> torch.Tensor:
    """Give the gradient of a line of the frame, (L, in), from the line of the plane beside it.

    Parameters
    ----------
    line
        (L, out).
    taps
        The row or column of the kernels that reaches the frame, (out, in, 3).
    has_corners
        Whether what falls on the ends, one pixel beyond the line, is added to its own ends.
    """
    products = line @ taps.permute(0, 2, 1).flatten(1)  # (L, 3 · in)
    before, own, after = products.view(len(line), 3, -1).unbind(1)
    own[:-1] += before[1:]
    own[1:] += after[:-1]
    if has_corners:
        own[0] += before[0]
        own[-1] += after[-1]
    return own
