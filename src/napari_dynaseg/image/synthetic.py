"""Cells that the project draws itself: a two-channel z-stack with its true labels."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

# Micrometres a step along z, y and x.
VOXEL_SIZE = (1.0, 0.5, 0.5)


class CellStack(NamedTuple):
    """A drawn stack: uint16 intensities (2, Z, Y, X) and int32 cell labels (Z, Y, X)."""

    image: npt.NDArray[np.uint16]
    labels: npt.NDArray[np.int32]


def draw_cells(
    shape: tuple[int, int, int] = (16, 128, 128), cells: int = 24, seed: int = 0
) -> CellStack:
    """Draw cells with bright nuclei in one channel and bright membranes in the other.

    Parameters
    ----------
    shape
        Planes, rows and columns, each at least 8.
    cells
        How many cells, at least 1.
    seed
        Start of the random positions and of the noise.

    Returns
    -------
    CellStack
        Channel 0 has nuclei, channel 1 membranes; the labels are 1…cells, 0 between the cells.
    """
    random = np.random.default_rng(seed)
    points = np.moveaxis(np.indices(shape), 0, -1) * VOXEL_SIZE  # (Z, Y, X, 3)
    centres = _scatter_centres(random, np.multiply(shape, VOXEL_SIZE), cells)
    distances = np.stack([np.linalg.norm(points - centre, axis=-1) for centre in centres])
    nearest, radius = distances.argmin(axis=0), distances.min(axis=0)
    runner_up = np.partition(distances, min(1, cells - 1), axis=0)[min(1, cells - 1)]
    inside = radius < 8.0
    labels = np.where(inside, nearest + 1, 0).astype(np.int32)
    membrane = inside & ((runner_up - radius < 1.0) | (radius > 7.2))
    nuclei = radius < 3.4
    channels = [_expose(random, nuclei, inside, 2.0), _expose(random, membrane, inside, 1.0)]
    return CellStack(np.stack(channels), labels)


def _scatter_centres(
    random: np.random.Generator, extent: npt.NDArray[np.float64], cells: int
) -> npt.NDArray[np.float64]:
    """Scatter centres that keep apart: of many candidates each time the one furthest away."""
    centres = random.uniform(0, extent, (1, 3))
    while len(centres) < cells:
        candidates = random.uniform(0, extent, (20, 3))
        gaps = np.linalg.norm(candidates[:, None] - centres[None], axis=-1).min(axis=1)
        centres = np.vstack([centres, candidates[gaps.argmax()]])
    return centres


def _expose(
    random: np.random.Generator,
    bright: npt.NDArray[np.bool_],
    dim: npt.NDArray[np.bool_],
    blur: float,
) -> npt.NDArray[np.uint16]:
    """Take a noisy, slightly blurred exposure of a bright and a dim structure."""
    light = 40.0 + 60.0 * dim + 900.0 * gaussian_filter(bright.astype(float), blur / 2)
    counts = random.poisson(light) + random.normal(100, 4, light.shape)
    exposure: npt.NDArray[np.uint16] = np.clip(counts, 0, 2**16 - 1).astype(np.uint16)
    return exposure


def draw_image(height: int, width: int, channels: int) -> npt.NDArray[np.uint8]:
    """Draw cells over any area, by repeating one drawing: uint8, (H, W) or (H, W, channels)."""
    side = 256
    drawn = draw_cells((1, side, side), cells=side * side // 700).image[0]  # (2, 256, 256)
    tile = np.round(255 * drawn / drawn.max()).astype(np.uint8)
    rows, columns = -(-height // side), -(-width // side)
    planes = [
        np.tile(tile[channel % len(tile)], (rows, columns))[:height, :width]
        for channel in range(channels)
    ]
    return planes[0] if channels == 1 else np.stack(planes, axis=-1)
