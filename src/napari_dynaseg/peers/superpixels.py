"""CNN and superpixels (Kanezaki 2018): in each superpixel the most frequent label is the target."""

import numpy as np
import numpy.typing as npt
from pydantic import Field

from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.knobs import Knobs
from napari_dynaseg.labels.annotation_maps import Annotations
from napari_dynaseg.labels.numbering import Integers, LabelMap
from napari_dynaseg.peers.method import Work
from napari_dynaseg.peers.training import DEVICE, FAST_ITERATIONS, QUALITY, train
from napari_dynaseg.settings import Device, Quality, Settings


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
    quality: Quality = QUALITY
    iterations: int = Field(
        500,
        ge=1,
        le=100_000,
        title="Iterations",
        description=f"The longest a run may train; in fast quality no more than {FAST_ITERATIONS}",
    )
    seed: int = Field(0, ge=0, le=2**31 - 1, title="Seed", description="Of the random weights")
    device: Device = DEVICE


def run(plane: Plane, knobs: SuperpixelKnobs) -> Work:
    """Segment a plane; see `napari_dynaseg.peers.method.Method.begin`."""

    def make_learner(picture: Plane, settings: Settings, reduction: int) -> SuperpixelLearner:
        count = knobs.superpixels // reduction**2
        superpixels = find_superpixels(picture, count, knobs.compactness)
        return SuperpixelLearner(picture, settings, superpixels)

    return train(plane, knobs, make_learner, guidance_weight=1.0)


class SuperpixelLearner:
    """A network whose superpixels guide it, wholly, each to its most frequent label.

    Parameters
    ----------
    picture
        float32, (C, H, W), what it trains on.
    settings
        The knobs of the network and its training.
    superpixels
        (H, W), numbered from 1.
    """

    def __init__(self, picture: Plane, settings: Settings, superpixels: LabelMap) -> None:
        from napari_dynaseg.engine.devices import choose_device
        from napari_dynaseg.engine.trainer import Trainer

        device = choose_device(settings.device)
        annotations = Annotations(guidance=superpixels)
        self._trainer = Trainer(
            picture, settings, device, annotations=annotations, match=find_majority
        )
        self.copy_weights, self.descend = self._trainer.copy_weights, self._trainer.descend
        self.close = self._trainer.close

    def measure(self) -> LabelMap:
        """Give the labels at the present weights, 1…q, and find the gradients."""
        # Without continuity.
        return self._trainer.measure(lambda labels_in_use: 0 * labels_in_use).keep().read_labels()


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
