"""Invariant Information Clustering (Ji, Henriques and Vedaldi 2019) on one image."""

from typing import TYPE_CHECKING

from pydantic import Field

from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.knobs import Knobs
from napari_dynaseg.peers.method import Work
from napari_dynaseg.peers.training import DEVICE, FAST_ITERATIONS, QUALITY, train
from napari_dynaseg.settings import Device, Quality, Settings

if TYPE_CHECKING:
    from napari_dynaseg.engine.information import InformationLearner


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
    quality: Quality = QUALITY
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
    device: Device = DEVICE


def run(plane: Plane, knobs: IicKnobs) -> Work:
    """Segment a plane; see `napari_dynaseg.peers.method.Method.begin`."""

    def make_learner(picture: Plane, settings: Settings, _: int) -> "InformationLearner":
        from napari_dynaseg.engine.information import InformationLearner

        return InformationLearner(picture, settings, knobs.clusters, knobs.displacement)

    return train(plane, knobs, make_learner, minimum_labels=1)
