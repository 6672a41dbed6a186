"""Invariant Information Clustering (Ji, Henriques and Vedaldi 2019) on one image."""

from typing import TYPE_CHECKING

from pydantic import Field

from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.knobs import Knobs
from napari_dynaseg.peers.method import Work
from napari_dynaseg.settings import Device, Quality, Settings

if TYPE_CHECKING:
    from napari_dynaseg.engine.backend import torch

# In Fast quality, which sees every third pixel of a photograph.
FAST_ITERATIONS = 30
# How far a copy's channels are scaled and shifted at random, each on its own.
GAIN, SHIFT = 0.2, 0.1
# Bias of an output that is not to be any pixel's label.
SILENT = -1e4


class IicKnobs(Knobs):
    """The knobs of the method; those of the network are the papers'."""

    clusters: int = Field(
        20, ge=2, le=100, title="Clusters", description="How many clusters the pixels form at most"
    )
    displacement: int = Field(
        1,
        ge=0,
        le=10,
        title="Displacement",
        description="Up to how many pixels away a pixel is to tell of another's cluster",
    )
    quality: Quality = Field(
        "fast", title="Quality", description="fast: train on every third pixel; exact: on all"
    )
    iterations: int = Field(
        100,
        ge=1,
        le=100_000,
        title="Iterations",
        description=f"How long a run trains; in fast quality no longer than {FAST_ITERATIONS}",
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, title="Seed", description="Of the random weights and copies"
    )
    device: Device = Field("auto", title="Device", description="Where the network trains")


def run(plane: Plane, knobs: IicKnobs) -> Work:
    """Segment a plane; see `napari_dynaseg.peers.method.Method.begin`."""
    from napari_dynaseg.engine.backend import torch
    from napari_dynaseg.peers import training
    from napari_dynaseg.peers.differentiated import DifferentiatedLearner

    settings = Settings(
        scheme="fixed",
        quality=knobs.quality,
        seed=knobs.seed,
        device=knobs.device,
        minimum_labels=1,
    )
    generator = torch.Generator().manual_seed(knobs.seed)

    def find_loss(
        network: "torch.nn.Sequential", picture: "torch.Tensor"
    ) -> "tuple[torch.Tensor, torch.Tensor]":
        copy, turned = make_copy(picture, generator)
        response = network(picture)
        own = response[0, : knobs.clusters].softmax(0)
        other = network(copy)[0, : knobs.clusters].softmax(0).flip(turned)
        return -measure_information(own, other, knobs.displacement), response

    sampled = training.sample(plane, settings)
    learner = DifferentiatedLearner(sampled, settings, find_loss)
    silence_outputs(learner.network, knobs.clusters)
    most = min(knobs.iterations, FAST_ITERATIONS if knobs.quality == "fast" else knobs.iterations)
    return (yield from training.train(plane, settings, learner, sampled, most))


def silence_outputs(network: "torch.nn.Sequential", kept: int) -> None:
    """Leave a network as many outputs as there are clusters: the others are never largest."""
    from napari_dynaseg.engine.backend import torch

    *_, gamma, beta = network.parameters()
    with torch.no_grad():
        gamma[kept:] = 0.0
        beta[kept:] = SILENT


def make_copy(
    picture: "torch.Tensor", generator: "torch.Generator"
) -> "tuple[torch.Tensor, list[int]]":
    """Make a copy in other colours, flipped or not.

    Parameters
    ----------
    picture
        (1, C, H, W).
    generator
        On the CPU.

    Returns
    -------
    tuple
        The copy, and the axes that a response map (q, H, W) of it is to be flipped back on.
    """
    from napari_dynaseg.engine.backend import torch

    draws = torch.rand(2, picture.shape[1], generator=generator) * 2 - 1
    gain, shift = (draws * torch.tensor([[GAIN], [SHIFT]])).to(picture.device)[..., None, None]
    coins = torch.rand(2, generator=generator).tolist()
    turned = [axis + 1 for axis, coin in enumerate(coins) if coin < 0.5]
    return (picture * (1 + gain) + shift).flip([axis + 1 for axis in turned]), turned


def measure_information(
    own: "torch.Tensor", other: "torch.Tensor", displacement: int
) -> "torch.Tensor":
    """Measure the mutual information of two softmax maps, the mean over small displacements.

    Ji et al. 2019, equations 3 and 5.

    Parameters
    ----------
    own, other
        (clusters, H, W), a pixel's numbers adding up to 1.
    displacement
        The largest, in pixels, in each direction.

    Returns
    -------
    torch.Tensor
        A scalar, 0 to log(clusters).
    """
    from napari_dynaseg.engine.backend import torch

    height, width = own.shape[1:]
    down = [d for d in range(-displacement, displacement + 1) if abs(d) < height]
    across = [d for d in range(-displacement, displacement + 1) if abs(d) < width]
    parts = []
    for y in down:
        for x in across:
            one = own[:, max(0, y) : height + min(0, y), max(0, x) : width + min(0, x)]
            two = other[:, max(0, -y) : height + min(0, -y), max(0, -x) : width + min(0, -x)]
            joint = one.flatten(1) @ two.flatten(1).T / one[0].numel()  # (clusters, clusters)
            joint = ((joint + joint.T) / 2).clamp(min=1e-12)
            independent = joint.sum(0, keepdim=True) * joint.sum(1, keepdim=True)
            parts.append((joint * (joint / independent).log()).sum())
    return torch.stack(parts).mean()
