"""One step of the papers' training in plain torch: read this first.

The rest of the engine computes the same faster, with its gradients written out by hand. Its tests
hold it to this step, and the benchmarks measure its speed against it: autograd on the whole plane,
new memory at every step, and q' counted on the host, as in the papers' programs.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from napari_dynaseg.engine.backend import torch


class PlainLoss(NamedTuple):
    """The loss of a step, a scalar with its graph, and what it is made of."""

    total: torch.Tensor
    similarity: torch.Tensor
    continuity: torch.Tensor
    response: torch.Tensor  # (H, W, q)
    labels: torch.Tensor  # (H, W), 0…q-1
    labels_in_use: int  # q'


def take_step(
    network: torch.nn.Module,
    image: torch.Tensor,
    weigh: Callable[[int], float],
    optimiser: torch.optim.Optimizer,
) -> PlainLoss:
    """Train a network that `build_network` made on a plane, (C, H, W), by one step."""
    optimiser.zero_grad()
    loss = measure_loss(network, image, weigh)
    loss.total.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    return loss


@torch.enable_grad()
def measure_loss(
    network: torch.nn.Module, image: torch.Tensor, weigh: Callable[[int], float]
) -> PlainLoss:
    """Measure the loss of equation 1 on a plane, (C, H, W), with the weight w that q' gives."""
    response = network(image[None])[0].permute(1, 2, 0).contiguous()  # (q, H, W) to (H, W, q)
    labels = response.argmax(2)  # (H, W); a target, through which no gradient flows
    labels_in_use = len(np.unique(labels.cpu().numpy()))  # q'
    similarity, continuity = measure_similarity(response, labels), measure_continuity(response)
    total = similarity + weigh(labels_in_use) * continuity
    return PlainLoss(total, similarity, continuity, response, labels, labels_in_use)


def measure_similarity(response: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Measure the mean cross-entropy of the response map with its own labels, L_sim."""
    return torch.nn.functional.cross_entropy(response.flatten(0, 1), labels.flatten())


def measure_continuity(response: torch.Tensor) -> torch.Tensor:
    """Measure the mean absolute difference of neighbours, down and across, L_con."""
    vertical = response[1:] - response[:-1]  # (H - 1, W, q)
    horizontal = response[:, 1:] - response[:, :-1]  # (H, W - 1, q)
    return _mean_absolute(vertical) + _mean_absolute(horizontal)


def _mean_absolute(difference: torch.Tensor) -> torch.Tensor:
    # Of a plane with one row or one column there is nothing to average: 0.
    return difference.abs().sum() / max(1, difference.numel())
