"""Otsu's threshold on the mean of the channels: what one would try first on cells."""

import numpy as np
from pydantic import Field

from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.knobs import Knobs
from napari_dynaseg.labels.numbering import number_by_size
from napari_dynaseg.peers.method import Outcome, Preview, Work


class OtsuKnobs(Knobs):
    """The knob of the threshold."""

    sigma: float = Field(
        2.0,
        ge=0,
        le=20,
        allow_inf_nan=False,
        title="Smoothing",
        description="Width of the Gaussian that the image is smoothed with before, in pixels",
    )


def run(plane: Plane, knobs: OtsuKnobs) -> Work:
    """Segment a plane; see `napari_dynaseg.peers.method.Method.begin`."""
    from skimage.filters import gaussian, threshold_otsu

    smooth = gaussian(plane.mean(axis=0), knobs.sigma)
    labels = number_by_size((smooth > threshold_otsu(smooth)).astype(np.int32))
    yield Preview(1, 1, lambda: labels)
    return Outcome(labels)
