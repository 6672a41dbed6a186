"""Graph-based segmentation of Felzenszwalb and Huttenlocher 2004, by scikit-image."""

import warnings

import numpy as np
from pydantic import Field

from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.knobs import Knobs
from napari_dynaseg.labels.numbering import number_by_size
from napari_dynaseg.peers.method import Outcome, Preview, Work


class GraphKnobs(Knobs):
    """The knobs of the method; the defaults are the best on training images of BSDS500."""

    scale: float = Field(
        300,
        gt=0,
        le=100_000,
        allow_inf_nan=False,
        title="Scale",
        description="How different neighbouring segments must be; larger: fewer, larger segments",
    )
    sigma: float = Field(
        0.5,
        ge=0,
        le=20,
        allow_inf_nan=False,
        title="Smoothing",
        description="Width of the Gaussian that the image is smoothed with before, in pixels",
    )
    min_size: int = Field(
        20,
        ge=1,
        le=1_000_000,
        title="Smallest segment",
        description="Smaller segments are merged into a neighbour; in pixels",
    )


def run(plane: Plane, knobs: GraphKnobs) -> Work:
    """Segment a plane; see `napari_dynaseg.peers.method.Method.begin`."""
    from skimage.segmentation import felzenszwalb

    yield Preview(0, 1)
    picture = np.moveaxis(plane, 0, -1)  # (H, W, C)
    with warnings.catch_warnings():
        # Other than three channels are meant.
        warnings.filterwarnings("ignore", "Got image with third dimension of")
        segments = felzenszwalb(picture, knobs.scale, knobs.sigma, knobs.min_size, channel_axis=-1)
    labels = number_by_size(segments)
    yield Preview(1, 1, lambda: labels)
    return Outcome(labels)
