"""The cross-entropy of the response map with its own labels, a guidance and a user's scribbles."""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.cpu.compiled import compiled, compiled_sum
from napari_dynaseg.engine.guides import Guides

Values = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Targets:
    """Which label each pixel's response is drawn to, and how strongly.

    Parameters
    ----------
    others
        How many pixels have no scribble; they are drawn to their own label, and weigh 1 together.
    scribbles
        The channel that the user wants at each pixel, -1 where nothing was scribbled, (H, W);
        `None` where nothing was scribbled at all.
    scribbled
        How many pixels have a scribble.
    weight
        What these weigh together.
    guides
        What a guidance draws to as well, of pixels without a scribble; `None` for no guidance.
    """

    others: int
    scribbles: torch.Tensor | None = None
    scribbled: int = 0
    weight: float = 0.0
    guides: Guides | None = None

    @classmethod
    def without_scribbles(cls, pixels: int) -> "Targets":
        """Draw every pixel to its own label."""
        return cls(pixels)

    @classmethod
    def from_scribbles(cls, scribbles: torch.Tensor, weight: float) -> "Targets":
        """Draw scribbled pixels to what was scribbled."""
        scribbled = int((scribbles >= 0).sum())
        return cls(scribbles.numel() - scribbled, scribbles, scribbled, weight)

    def move_to(self, device: torch.device) -> "Targets":
        """Give them with their tensors on a device."""
        scribbles = None if self.scribbles is None else self.scribbles.to(device)
        guides = None if self.guides is None else self.guides.move_to(device)
        return replace(self, scribbles=scribbles, guides=guides)

    def match(self, labels: torch.Tensor, channels: int) -> torch.Tensor | None:
        """Match the guidance to the present labels, as `Guides.match` does, if there is one."""
        return None if self.guides is None else self.guides.match(labels, channels)

    def set_gradient(
        self,
        rows: slice,
        response: torch.Tensor,
        labels: torch.Tensor,
        largest: torch.Tensor,
        gradient: torch.Tensor,
        clusters: torch.Tensor | None = None,
    ) -> tuple[float, float, float]:
        """Write the gradient of the cross-entropies; give a block's share of each.

        Those are L_sim, the term of the scribbles, and that of the guidance.

        Parameters
        ----------
        rows
            Where in the plane the block lies.
        response
            (rows, W or more, q).
        labels, largest
            Where the largest response is, and the response there, (rows, W or more).
        gradient
            (rows, W, q).
        clusters
            As `match` gives them.
        """
        width = gradient.shape[1]
        torch.sub(response[:, :width], largest[:, :width, None], out=gradient).exp_()
        given = NOTHING_GIVEN if self.scribbles is None else self.scribbles[rows].numpy()
        weights = 1 / max(1, self.others), self.weight / max(1, self.scribbled)
        similarity, scribble = set_entropy_gradient(
            response.numpy(), labels.numpy(), largest.numpy(), given, *weights, gradient.numpy()
        )
        guidance = 0.0
        if self.guides is not None and clusters is not None:
            guidance = add_guidance(
                response.numpy(),
                labels.numpy(),
                largest.numpy(),
                self.guides.find_wanted(clusters, labels[:, :width], rows).numpy(),
                self.guides.weight * weights[0],
                gradient.numpy(),
            )
        shares = similarity, guidance
        similarity, guidance = (share / max(1, self.others) for share in shares)
        return similarity, scribble / max(1, self.scribbled), guidance


NOTHING_GIVEN = np.zeros((0, 0), np.int64)


@compiled_sum
def set_entropy_gradient(
    response: Values,
    labels: Numbers,
    largest: Values,
    given: Numbers,
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
    labels: Numbers,
    largest: Values,
    wanted: Numbers,
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
