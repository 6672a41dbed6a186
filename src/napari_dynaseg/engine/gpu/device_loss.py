"""The loss on a GPU and its gradient, written out: few passes over the response map.

Everything stays on the device; nothing here waits for it.
"""

from collections.abc import Callable
from typing import NamedTuple

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.targets import Targets


class Loss(NamedTuple):
    """What a step found, all of it on the device.

    Parameters
    ----------
    labels
        The channel of the largest response at each pixel, 0…q-1, (H, W).
    numbers
        q', w, and the terms before weighting: similarity, continuity, scribble and guidance.
    gradient
        Of the whole loss by the response map, (H, W, q).
    """

    labels: torch.Tensor
    numbers: torch.Tensor
    gradient: torch.Tensor


@torch.no_grad()
def differentiate_loss(
    response: torch.Tensor, targets: Targets, weigh: Callable[[torch.Tensor], torch.Tensor]
) -> Loss:
    """Compute the loss of equation 1, with scribbles and guidance, and its gradient.

    Parameters
    ----------
    response
        The response map, (H, W, q), contiguous.
    targets
        What the responses are drawn to, its tensors on the device.
    weigh
        Gives the weight w from q', both scalars on the device.
    """
    labels = response.argmax(dim=2)
    labels_in_use = count_labels(labels, response.shape[2])
    weight = weigh(labels_in_use)
    gradient, similarity, scribble = _differentiate_entropies(response, labels, targets)
    guidance = _add_guidance(gradient, response, labels, targets)
    continuity = _add_continuity(gradient, response, weight)
    numbers = torch.stack([labels_in_use, weight, similarity, continuity, scribble, guidance])
    return Loss(labels, numbers, gradient)


def count_labels(labels: torch.Tensor, channels: int) -> torch.Tensor:
    """Count the labels in use, as a float32 scalar on the device, which it does not leave.

    Parameters
    ----------
    labels
        0…channels-1, (H, W).
    channels
        How many labels there can be.
    """
    in_use = torch.zeros(channels, device=labels.device)
    in_use.scatter_(
        0, labels.flatten(), torch.ones((), device=labels.device).expand(labels.numel())
    )
    return in_use.sum()


def _differentiate_entropies(
    response: torch.Tensor, labels: torch.Tensor, targets: Targets
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Give the gradient of both cross-entropies, (H, W, q), and their means.

    It is softmax - one-hot, times what the pixel weighs. The cross-entropy of a pixel is
    log Σ exp(response) less the response of the label that is wanted, and the softmax at the
    largest response tells that logarithm: it is 1 / q at least.
    """
    each, wanted = response.new_full((), 1 / max(1, targets.others)), labels
    is_scribbled = None
    if targets.scribbles is not None:
        is_scribbled = targets.scribbles >= 0
        given = response.new_full((), targets.weight / max(1, targets.scribbled))
        each = torch.where(is_scribbled, given, each)
        wanted = torch.where(is_scribbled, targets.scribbles, labels)
    gradient = response.softmax(dim=2)
    largest = response.gather(2, labels[..., None])
    logarithm = largest - gradient.gather(2, labels[..., None]).log()
    entropy = (logarithm - response.gather(2, wanted[..., None]))[..., 0]
    gradient.mul_(each[..., None])
    gradient.scatter_add_(2, wanted[..., None], -each.expand(labels.shape)[..., None])
    if is_scribbled is None:
        return gradient, entropy.sum() / max(1, targets.others), entropy.new_zeros(())
    own, drawn = torch.where(is_scribbled, 0, entropy), torch.where(is_scribbled, entropy, 0)
    return gradient, own.sum() / max(1, targets.others), drawn.sum() / max(1, targets.scribbled)


def _add_guidance(
    gradient: torch.Tensor, response: torch.Tensor, labels: torch.Tensor, targets: Targets
) -> torch.Tensor:
    """Move a part of the guided pixels' targets to the matched clusters, and give the term."""
    guides = targets.guides
    if guides is None:
        return response.new_zeros(())
    clusters = guides.find_wanted(guides.match(labels, response.shape[2]), labels)
    wanted = torch.where(clusters < 0, labels, clusters)[..., None]
    part = guides.weight / max(1, targets.others)
    moved = torch.where(clusters < 0, 0.0, part)[..., None].to(response)
    gradient.scatter_add_(2, labels[..., None], moved)
    gradient.scatter_add_(2, wanted, -moved)
    lost = response.gather(2, labels[..., None]) - response.gather(2, wanted)
    return lost.sum() / max(1, targets.others)


def _add_continuity(
    gradient: torch.Tensor, response: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """Add the gradient of the continuity, the signs of the differences, and give the term."""
    total = response.new_zeros(())
    for axis in (0, 1):
        count = max(1, response.numel() // response.shape[axis] * (response.shape[axis] - 1))
        difference = response.diff(dim=axis)
        total = total + torch.linalg.vector_norm(difference, 1) / count
        signs, share = difference.sign_(), weight / count
        gradient.narrow(axis, 1, signs.shape[axis]).addcmul_(signs, share)
        gradient.narrow(axis, 0, signs.shape[axis]).addcmul_(signs, share, value=-1)
    return total
