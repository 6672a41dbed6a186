"""The cross-entropies of a block of the response map, and their gradient, as compiled loops."""

import math

import numpy as np

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.compiled import Channels, Values, compiled, compiled_sum
from napari_dynaseg.engine.targets import Targets


def differentiate_entropies(
    targets: Targets,
    rows: slice,
    block: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    gradient: torch.Tensor,
    clusters: torch.Tensor | None,
) -> tuple[float, float, float]:
    """Write the gradient of the cross-entropies; give a block's share of each.

    Those are L_sim, the term of the scribbles, and that of the guidance.

    Parameters
    ----------
    targets
        What the responses are drawn to.
    rows
        Where in the plane the block lies.
    block
        The responses, (rows, W or more, q); where the largest is, and how large, both
        (rows, W or more).
    gradient
        (rows, W, q).
    clusters
        As `Targets.match` gives them.
    """
    response, labels, largest = block
    width = gradient.shape[1]
    torch.sub(response[:, :width], largest[:, :width, None], out=gradient).exp_()
    given = NOTHING_GIVEN if targets.scribbles is None else targets.scribbles[rows].numpy()
    weights = 1 / max(1, targets.others), targets.weight / max(1, targets.scribbled)
    arrays = response.numpy(), labels.numpy(), largest.numpy()
    similarity, scribble = set_entropy_gradient(*arrays, given, *weights, gradient.numpy())
    guidance = 0.0
    if targets.guides is not None and clusters is not None:
        wanted = targets.guides.find_wanted(clusters, labels[:, :width], rows).numpy()
        part = targets.guides.weight * weights[0]
        guidance = add_guidance(*arrays, wanted, part, gradient.numpy())
    others = max(1, targets.others)
    return similarity / others, scribble / max(1, targets.scribbled), guidance / others


NOTHING_GIVEN = np.zeros((0, 0), np.int64)


@compiled_sum
def set_entropy_gradient(
    response: Values,
    labels: Channels,
    largest: Values,
    given: Channels,
    weight: float,
    given_weight: float,
    gradient: Values,
) -> tuple[float, float]:
    """Turn exp(response - largest) into the gradient of the cross-entropies of a block.

    It is softmax - one-hot, times the pixel's weight; the cross-entropy of a pixel is
    log Σ exp(response - largest) + largest - the response of the label that is wanted.

    Parameters
    ----------
    response
        (rows, W or more, q).
    labels, largest
        (rows, W or more).
    given
        The labels that a user wants, -1 where any is right, (rows, W); or nothing, (0, 0).
    weight, given_weight
        What a pixel weighs in the gradient, and one whose label is given.
    gradient
        exp(response - largest), (rows, W, q); replaced.

    Returns
    -------
    tuple
        The sums of the cross-entropies over the pixels that are drawn to their own label, and
        over the others.
    """
    rows, width, channels = gradient.shape
    similarity = scribble = 0.0
    for y in range(rows):
        for x in range(width):
            result = gradient[y, x]
            total = np.float32(0)
            for i in range(channels):
                total += result[i]
            wanted = given[y, x] if given.size else -1
            is_given = wanted >= 0
            if not is_given:
                wanted = labels[y, x]
            own = given_weight if is_given else weight
            factor = np.float32(own / total)
            for i in range(channels):
                result[i] *= factor
            result[wanted] -= np.float32(own)
            entropy = math.log(total) + largest[y, x] - response[y, x, wanted]
            if is_given:
                scribble += entropy
            else:
                similarity += entropy
    return similarity, scribble


@compiled
def add_guidance(
    response: Values,
    labels: Channels,
    largest: Values,
    wanted: Channels,
    weight: float,
    gradient: Values,
) -> float:
    """Move a part of each pixel's target from its own label to the cluster that guides it.

    The cross-entropy against (1 - g) · own label + g · cluster has the gradient softmax minus
    that target. It is the cross-entropy against the own label, plus g times the largest response
    less that of the cluster.

    Parameters
    ----------
    response
        (rows, W or more, q).
    labels, largest
        (rows, W or more).
    wanted
        The cluster that guides each pixel, -1 where none does, (rows, W).
    weight
        What the part weighs in the gradient: g times the weight of a pixel.
    gradient
        That of the cross-entropy against the own labels, (rows, W, q); changed in place.

    Returns
    -------
    float
        The sum of the differences of the responses.
    """
    rows, width, _ = gradient.shape
    part, guidance = np.float32(weight), 0.0
    for y in range(rows):
        for x in range(width):
            cluster, own = wanted[y, x], labels[y, x]
            if cluster >= 0 and cluster != own:
                gradient[y, x, own] += part
                gradient[y, x, cluster] -= part
                guidance += largest[y, x] - response[y, x, cluster]
    return guidance
