"""Training the papers' network towards something else than its own labels, step by step."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import Field

from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap, number_by_size
from napari_dynaseg.peers.method import Outcome, Preview, Work
from napari_dynaseg.settings import Device, Quality, Settings

if TYPE_CHECKING:
    from napari_dynaseg.engine.weights import Weights

# In Fast quality, which sees every third pixel of a photograph.
FAST_ITERATIONS = 30

# Knobs that such methods share.
QUALITY: Any = Field(
    "fast", title="Quality", description="fast: train on every third pixel; exact: on all"
)
DEVICE: Any = Field("auto", title="Device", description="Where the network trains")


class TrainingKnobs(Protocol):
    """What a training reads of a method's knobs."""

    quality: Quality
    iterations: int
    seed: int
    device: Device


class Learner(Protocol):
    """A network that can take one step after the other."""

    def measure(self) -> LabelMap:
        """Give the labels at the present weights, 1…q, and find the gradients."""

    def copy_weights(self) -> "Weights":
        """Copy the present weights into one vector."""

    def descend(self) -> None:
        """Update the weights by the gradients."""

    def close(self) -> None:
        """End what it has begun."""


# Makes the learner of a picture, (C, H, W), of which so many pixels a side were reduced to one.
MakeLearner = Callable[[Plane, Settings, int], Learner]


def train(plane: Plane, knobs: TrainingKnobs, make_learner: MakeLearner, **fixed: Any) -> Work:
    """Train a network until its iterations are over or few labels are left.

    Parameters
    ----------
    plane
        float32, (C, H, W).
    knobs
        Those of the method.
    make_learner
        Gets the plane, or in Fast every n-th pixel of it, the settings, and n.
    **fixed
        Settings that the method does not leave open.

    Yields
    ------
    Preview
        After every iteration.
    """
    from napari_dynaseg.engine.trainer import apply_network, measure_statistics
    from napari_dynaseg.method.subsampling import choose_reduction, choose_samples, enlarge_labels

    shared = {"quality": knobs.quality, "seed": knobs.seed, "device": knobs.device}
    settings = Settings(scheme="fixed", padding="zeros", **shared, **fixed)
    _, height, width = plane.shape
    reduction = choose_reduction(height, width, settings)
    picture = plane[:, *choose_samples((height, width), reduction)]
    most = min(knobs.iterations, FAST_ITERATIONS if knobs.quality == "fast" else knobs.iterations)
    with closing(make_learner(picture, settings, reduction)) as learner:
        for iteration in range(1, most + 1):
            labels, weights = learner.measure(), learner.copy_weights()
            draw = partial(enlarge_labels, labels, reduction, (height, width))
            yield Preview(iteration, most, draw)
            if len(set(labels.ravel().tolist())) <= settings.minimum_labels:
                break
            learner.descend()
    if reduction > 1:
        statistics = measure_statistics([picture], settings, weights)
        labels, _ = apply_network(plane, settings, weights, statistics)
    return Outcome(number_by_size(labels))
