"""The two terms of the loss: feature similarity and spatial continuity of the response map."""

from napari_dynaseg.backend import torch


def similarity_loss(response: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy between the response map and its own labels (L_sim of equation 1).

    Parameters
    ----------
    response
        Response map, shape (q, H, W).
    labels
        The channel of the largest response at each pixel, 0…q-1, shape (H, W). It is a target:
        no gradient flows through it.

    Returns
    -------
    torch.Tensor
        A scalar, the mean over the pixels.
    """
    return torch.nn.functional.cross_entropy(response[None], labels[None])


def continuity_loss(response: torch.Tensor) -> torch.Tensor:
    """Mean absolute vertical plus mean absolute horizontal difference (L_con of equation 1).

    Parameters
    ----------
    response
        Response map, shape (q, H, W).

    Returns
    -------
    torch.Tensor
        A scalar. A direction in which the plane has one pixel contributes 0.
    """
    vertical = response[:, 1:, :] - response[:, :-1, :]  # (q, H - 1, W)
    horizontal = response[:, :, 1:] - response[:, :, :-1]  # (q, H, W - 1)
    return _mean_absolute(vertical) + _mean_absolute(horizontal)


def _mean_absolute(difference: torch.Tensor) -> torch.Tensor:
    return difference.abs().sum() / max(1, difference.numel())
