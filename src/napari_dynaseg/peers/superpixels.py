"""CNN and superpixels (Kanezaki 2018): in each superpixel the most frequent label is the target."""

from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from pydantic import Field

from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.knobs import Knobs
from napari_dynaseg.labels.guidance import Integers
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.peers.method import Work
from napari_dynaseg.settings import Device, Quality, Settings

if TYPE_CHECKING:
    from napari_dynaseg.peers.training import Sampled

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
    from napari_dynaseg.peers import training

    settings = Settings(
        scheme="fixed",
        quality=knobs.quality,
        seed=knobs.seed,
        device=knobs.device,
        guidance_weight=1.0,
    )
    sampled = training.sample(plane, settings)
    superpixels = find_superpixels(
        sampled.picture, knobs.superpixels // sampled.reduction**2, knobs.compactness
    )
    most = min(knobs.iterations, FAST_ITERATIONS if knobs.quality == "fast" else knobs.iterations)
    with closing(SuperpixelLearner(sampled, settings, superpixels)) as learner:
        return (yield from training.train(plane, settings, learner, sampled, most))


class SuperpixelLearner:
    """A network whose superpixels guide it, wholly, each to its most frequent label.

    Parameters
    ----------
    sampled
        What it trains on.
    settings
        The knobs of the network and its training.
    superpixels
        (H, W), numbered from 1.
    """

    def __init__(self, sampled: "Sampled", settings: Settings, superpixels: LabelMap) -> None:
        from napari_dynaseg.engine.trainer import Trainer

        self._trainer = Trainer(
            sampled.picture,
            settings,
            sampled.device,
            guidance=superpixels,
            match=find_majority,
        )
        self.copy_weights, self.descend = self._trainer.copy_weights, self._trainer.descend
        self.close = self._trainer.close

    def measure(self) -> LabelMap:
        """Give the labels at the present weights, 1…q, and find the gradients."""
        # Without continuity.
        channels = self._trainer.measure(lambda labels_in_use: 0 * labels_in_use).labels
        labels: LabelMap = channels.cpu().numpy().astype(np.int32) + 1
        return labels


def find_superpixels(picture: Plane, count: int, compactness: float) -> LabelMap:
    """Divide a plane (C, H, W) into superpixels by SLIC, numbered from 1."""
    from skimage.segmentation import slic

    image = np.moveaxis(picture, 0, -1)
    parts: LabelMap = slic(
        image, max(1, count), compactness, channel_axis=-1, start_label=1
    ).astype(np.int32)
    return parts


def find_majority(votes: Integers, _free: Integers) -> npt.NDArray[np.int64]:
    """Find the most frequent label of each superpixel, which all its pixels are drawn to.

    Parameters
    ----------
    votes
        How many pixels of each superpixel (row) have each label (column).
    """
    winners: npt.NDArray[np.int64] = votes.argmax(axis=1).astype(np.int64)
    return np.broadcast_to(winners[:, None], votes.shape)
