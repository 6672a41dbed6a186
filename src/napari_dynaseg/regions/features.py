"""What a pixel looks like beside its intensities: perceptual colour, coarser scales, texture."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from napari_dynaseg.image.pixels import Plane

Floats = npt.NDArray[np.floating]

# So many channels are taken for red, green and blue.
COLOURS = 3
LARGEST_LIGHTNESS = 100.0
ROWS_AT_A_TIME = 512
# Over how many pixels texture is measured: the standard deviation of a Gaussian window.
TEXTURE_WINDOW = 3.0


def to_perceptual(plane: Plane) -> Plane:
    """Turn red, green and blue into CIELAB, where a distance is one that people see.

    Parameters
    ----------
    plane
        float32, (C, H, W), values 0…1.

    Returns
    -------
    numpy.ndarray
        float32, (C, H, W). Of three channels L*, a* and b*, divided by 100, so that lightness
        is 0…1; other channels as they are.
    """
    if len(plane) != COLOURS:
        return plane
    from skimage.color import rgb2lab

    perceptual = np.empty_like(plane)
    for start in range(0, plane.shape[1], ROWS_AT_A_TIME):  # it takes several times the memory
        rows = np.s_[:, start : start + ROWS_AT_A_TIME]
        perceptual[rows] = rgb2lab(plane[rows], channel_axis=0) / LARGEST_LIGHTNESS
    return perceptual


def blur(plane: Plane, width: float) -> Plane:
    """Blur each channel by a Gaussian.

    Parameters
    ----------
    plane
        float32, (C, H, W).
    width
        Standard deviation, in pixels.
    """
    from scipy.ndimage import gaussian_filter

    blurred: Plane = gaussian_filter(plane, (0, width, width))
    return blurred


def measure_texture(perceptual: Plane) -> Plane:
    """Measure how much the lightness varies around each pixel: its local standard deviation.

    Parameters
    ----------
    perceptual
        As `to_perceptual` gives it; of other than three channels their mean is the lightness.

    Returns
    -------
    numpy.ndarray
        float32, (1, H, W).
    """
    lightness = perceptual[:1] if len(perceptual) == COLOURS else perceptual.mean(0, keepdims=True)
    mean = blur(lightness, TEXTURE_WINDOW)
    variance = blur(lightness * lightness, TEXTURE_WINDOW) - mean * mean
    texture: Plane = np.sqrt(np.maximum(variance, 0))
    return texture


def measure_gradient(channels: Plane) -> Floats:
    """Measure how much a pixel's two neighbours on either side differ, in both directions.

    Parameters
    ----------
    channels
        float32, (C, H, W).

    Returns
    -------
    numpy.ndarray
        float32, (H, W): the Euclidean norm over both directions and all channels. At the edge
        of the plane, the pixel itself stands for the neighbour that is not there.
    """
    squares = np.zeros(channels.shape[1:], np.float32)
    for channel in channels:
        for differences in _iterate_differences(channel):
            squares += differences * differences
    return np.sqrt(squares)


def _iterate_differences(channel: Floats) -> Iterator[Floats]:
    padded = np.pad(channel, 1, mode="edge")
    yield padded[2:, 1:-1] - padded[:-2, 1:-1]
    yield padded[1:-1, 2:] - padded[1:-1, :-2]
