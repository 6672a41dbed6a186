"""k-means on the values of a window around each pixel, by scikit-learn."""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.knobs import Knobs
from napari_dynaseg.labels.numbering import LabelMap, number_by_size
from napari_dynaseg.peers.method import Outcome, Preview, Work

# More pixels than this move the centres by less than another start does.
MOST_FITTED_PIXELS = 40_000
PIXELS_AT_A_TIME = 200_000


class KMeansKnobs(Knobs):
    """The knobs of k-means; the defaults are the best on training images of BSDS500."""

    clusters: int = Field(
        5, ge=2, le=100, title="Clusters", description="How many clusters (k) the pixels form"
    )
    window: int = Field(
        1,
        ge=1,
        le=15,
        title="Window",
        description="Side of the square around each pixel whose values are compared",
        json_schema_extra={"words": "an odd number from 1 to 15", "step": 2},
    )
    starts: int = Field(
        4,
        ge=1,
        le=100,
        title="Starts",
        description="How often to begin from other random centres; the best result counts",
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, title="Seed", description="Of the random centres to begin with"
    )

    @field_validator("window")
    @classmethod
    def _refuse_even_windows(cls, window: int) -> int:
        if window % 2 == 0:
            raise ValueError("an even window has no middle")
        return window


def run(plane: Plane, knobs: KMeansKnobs) -> Work:
    """Segment a plane; see `napari_dynaseg.peers.method.Method.begin`."""
    from sklearn.cluster import KMeans

    windows = _see_windows(plane, knobs.window)
    fitted = _choose_pixels(windows)
    clusters = min(knobs.clusters, len(np.unique(fitted, axis=0)))
    best: Any = None
    for start in range(knobs.starts):
        model = KMeans(clusters, n_init=1, random_state=knobs.seed + start).fit(fitted)
        if best is None or model.inertia_ < best.inertia_:
            best = model
        yield Preview(start + 1, knobs.starts, partial(_label, windows, best))
    return Outcome(number_by_size(_label(windows, best)))


def _see_windows(plane: Plane, side: int) -> npt.NDArray[np.float32]:
    """See the window around each pixel, mirrored at the edges: (H, W, C, side, side), a view."""
    margin = side // 2
    padded = np.pad(plane, ((0, 0), (margin, margin), (margin, margin)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))
    return np.moveaxis(windows, 0, 2)


def _choose_pixels(windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Take pixels spread evenly over the plane: (pixels, C · side²)."""
    height, width = windows.shape[:2]
    places = np.linspace(0, height * width - 1, min(height * width, MOST_FITTED_PIXELS))
    rows, columns = np.divmod(places.astype(np.int64), width)
    chosen: npt.NDArray[np.float32] = windows[rows, columns].reshape(len(places), -1)
    return chosen


def _label(windows: npt.NDArray[np.float32], model: Any) -> LabelMap:
    height, width = windows.shape[:2]
    labels = np.empty((height, width), np.int32)
    step = max(1, PIXELS_AT_A_TIME // width)
    for rows in (slice(start, start + step) for start in range(0, height, step)):
        features = windows[rows].reshape(labels[rows].size, -1)
        labels[rows] = model.predict(features).reshape(labels[rows].shape) + 1
    return labels
