"""CNN and superpixels (Kanezaki 2018): in each superpixel the most frequent label is the target."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from pydantic import Field

from napari_dynaseg.knobs import Knobs
from napari_dynaseg.peers.method import Work
from napari_dynaseg.pixels import Plane
from napari_dynaseg.settings import Device, Quality, Settings

if TYPE_CHECKING:
    from napari_dynaseg.backend import torch

# In Fast quality, which sees every third pixel of a photograph.
FAST_ITERATIONS = 30


class SuperpixelKnobs(Knobs):
    """The knobs of the method; those of the network are the papers'."""

    superpixels: int = Field(
        10_000,
        ge=2,
        le=1_000_000,
        title="Superpixels",
        description="About how many there are in the image; in fast quality fewer, of as many of "
        "the pixels that it trains on",
    )
    compactness: float = Field(
        100.0,
        gt=0,
        le=10_000,
        allow_inf_nan=False,
        title="Compactness",
        description="How much closeness counts beside colour; larger: squarer superpixels",
    )
    quality: Quality = Field(
        "fast", title="Quality", description="fast: train on every third pixel; exact: on all"
    )
    iterations: int = Field(
        500,
        ge=1,
        le=100_000,
        title="Iterations",
        description=f"The longest a run may train; in fast quality no more than {FAST_ITERATIONS}",
    )
    seed: int = Field(0, ge=0, le=2**31 - 1, title="Seed", description="Of the random weights")
    device: Device = Field("auto", title="Device", description="Where the network trains")


def run(plane: Plane, knobs: SuperpixelKnobs) -> Work:
    """Segment a plane; see `napari_dynaseg.peers.method.Method.begin`."""
    from napari_dynaseg.backend import torch
    from napari_dynaseg.peers import training

    settings = Settings(scheme="fixed", quality=knobs.quality, seed=knobs.seed, device=knobs.device)
    sampled = training.prepare(plane, settings)
    picture, network = sampled.picture, sampled.network
    parts = find_superpixels(
        picture[0].cpu().numpy(), knobs.superpixels // sampled.reduction**2, knobs.compactness
    )
    superpixels = torch.from_numpy(parts).to(picture.device)

    def measure() -> "tuple[torch.Tensor, torch.Tensor]":
        response = network(picture)
        targets = find_majority(response.detach()[0].argmax(0), superpixels, settings.channels)
        return torch.nn.functional.cross_entropy(response, targets[None]), response

    most = min(knobs.iterations, FAST_ITERATIONS if knobs.quality == "fast" else knobs.iterations)
    return (yield from training.train(plane, settings, sampled, measure, most))


def find_superpixels(picture: Plane, count: int, compactness: float) -> npt.NDArray[np.int64]:
    """Divide a plane (C, H, W) into superpixels by SLIC, numbered from 0."""
    from skimage.segmentation import slic

    image = np.moveaxis(picture, 0, -1)
    parts: npt.NDArray[np.int64] = slic(
        image, max(1, count), compactness, channel_axis=-1, start_label=0
    ).astype(np.int64)
    return parts


def find_majority(
    labels: "torch.Tensor", superpixels: "torch.Tensor", channels: int
) -> "torch.Tensor":
    """Give each superpixel's most frequent label to all its pixels.

    Parameters
    ----------
    labels
        (H, W), 0…channels - 1.
    superpixels
        (H, W), numbered from 0.
    channels
        How many labels there may be.
    """
    from napari_dynaseg.backend import torch

    count = int(superpixels.max()) + 1
    pairs = (superpixels * channels + labels).flatten()
    votes = torch.bincount(pairs, minlength=count * channels).view(count, channels)
    return votes.argmax(1)[superpixels]
