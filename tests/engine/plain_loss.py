"""The terms of the loss in plain torch: those of the plain step, and guidance and scribbles."""

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.plain_step import measure_continuity, measure_similarity


def similarity_loss(response: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """That of the plain step, of a response map (q, H, W); pixels of -1 are left out."""
    if (labels < 0).any():
        return _mean_cross_entropy(response, labels)
    return measure_similarity(response.permute(1, 2, 0), labels)


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
    """That of the plain step, of a response map of shape (q, H, W)."""
    return measure_continuity(response.permute(1, 2, 0))


def _mean_cross_entropy(response: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    total = torch.nn.functional.cross_entropy(
        response[None], targets[None], ignore_index=-1, reduction="sum"
    )
    return total / (targets >= 0).sum().clamp(min=1)
