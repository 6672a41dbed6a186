"""The terms of the loss: similarity and continuity of the response map, guidance and scribbles."""

from napari_dynaseg.engine.backend import torch


def similarity_loss(response: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy between the response map and its own labels (L_sim of equation 1).

    Parameters
    ----------
    response
        Response map, shape (q, H, W).
    labels
        The channel of the largest response at each pixel, 0…q-1, shape (H, W). It is a target:
        no gradient flows through it. Pixels of -1 are left out.

    Returns
    -------
    torch.Tensor
        A scalar, the mean over the pixels; 0 if there are none.
    """
    return _mean_cross_entropy(response, labels)


def scribble_loss(response: torch.Tensor, scribbles: torch.Tensor) -> torch.Tensor:
    """Cross-entropy between the response map and the labels that a user has given.

    Kim, Kanezaki and Tanaka 2020, section III-D. Where there are scribbles, the similarity goes
    over the other pixels only.

    Parameters
    ----------
    response
        Response map, shape (q, H, W).
    scribbles
        The channel that the user wants at each pixel, -1 where nothing was scribbled, (H, W).

    Returns
    -------
    torch.Tensor
        A scalar, the mean over the pixels that have a scribble; 0 if none has.
    """
    return _mean_cross_entropy(response, scribbles)


def guidance_loss(
    response: torch.Tensor, labels: torch.Tensor, clusters: torch.Tensor
) -> torch.Tensor:
    """How much larger the cross-entropy with a guidance is than that with the own labels.

    `similarity_loss` plus g times this is the cross-entropy between the response map and the
    soft labels (1 - g) · own label + g · cluster.

    Parameters
    ----------
    response
        Response map, shape (q, H, W).
    labels
        As for `similarity_loss`; -1 where pixels are left out, which have no guidance either.
    clusters
        The channel that the guidance of each pixel is matched to, -1 where there is none, (H, W).

    Returns
    -------
    torch.Tensor
        A scalar, the sum over the pixels with guidance, divided by how many are not left out.
    """
    wanted = torch.where(clusters < 0, labels, clusters)
    own, guided = (response.gather(0, each.clamp(min=0)[None]) for each in (labels, wanted))
    return (own - guided).sum() / (labels >= 0).sum().clamp(min=1)


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


def _mean_cross_entropy(response: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    total = torch.nn.functional.cross_entropy(
        response[None], targets[None], ignore_index=-1, reduction="sum"
    )
    return total / (targets >= 0).sum().clamp(min=1)


def _mean_absolute(difference: torch.Tensor) -> torch.Tensor:
    return difference.abs().sum() / max(1, difference.numel())
