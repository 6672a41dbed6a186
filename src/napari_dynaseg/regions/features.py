"""What a pixel looks like beside its intensities: perceptual colour, coarser scales, texture."""

from functools import cache

import numpy as np

from napari_dynaseg.engine.compiled import Values, compiled
from napari_dynaseg.image.pixels import Plane

# So many channels are taken for red, green and blue.
COLOURS = 3
# CIELAB is read from tables, linearly between their entries: to 1e-5.
TABLE_STEPS = 16384
ZERO, ONE = np.float32(0), np.float32(1)
# From linear sRGB to CIE XYZ (IEC 61966-2-1), and the XYZ of white (D65), of which it is a share.
TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
WHITE = (0.95047, 1.0, 1.08883)
XYZ_OF_WHITE = (np.array(TO_XYZ) / np.array(WHITE)[:, None]).astype(np.float32)
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
    # For other layouts of the memory, and what may not be written, the loop is compiled anew.
    colours = np.array(plane, np.float32, order="C")
    perceptual = np.empty_like(colours)
    _to_lab(colours, *_tabulate(), perceptual)
    return perceptual


@cache
def _tabulate() -> tuple[Values, Values]:
    """Tabulate the light of an sRGB value, and the root by which CIELAB measures light."""
    steps = np.linspace(0, 1, TABLE_STEPS + 1)
    light = np.where(steps > 0.04045, ((steps + 0.055) / 1.055) ** 2.4, steps / 12.92)
    roots = np.where(steps > 0.008856, np.cbrt(steps), 7.787 * steps + 16 / 116)
    return light.astype(np.float32), roots.astype(np.float32)


@compiled
def _to_lab(plane: Plane, light: Values, roots: Values, perceptual: Plane) -> None:
    """Go by the roots of CIE XYZ, as CIELAB does; all divided by 100."""
    linear, xyz = np.empty(COLOURS, np.float32), np.empty(COLOURS, np.float32)
    for row in range(plane.shape[1]):
        for column in range(plane.shape[2]):
            for place in range(COLOURS):
                linear[place] = _look_up(light, plane[place, row, column])
            for place in range(COLOURS):
                shares = XYZ_OF_WHITE[place]
                mixed = shares[0] * linear[0] + shares[1] * linear[1] + shares[2] * linear[2]
                xyz[place] = _look_up(roots, mixed)
            perceptual[0, row, column] = np.float32(1.16) * xyz[1] - np.float32(0.16)
            perceptual[1, row, column] = np.float32(5) * (xyz[0] - xyz[1])
            perceptual[2, row, column] = np.float32(2) * (xyz[1] - xyz[2])


@compiled
def _look_up(table: Values, value: np.float32) -> np.float32:
    place = min(max(value, ZERO), ONE) * np.float32(TABLE_STEPS)
    lower = min(int(place), TABLE_STEPS - 1)
    share = place - np.float32(lower)
    found: np.float32 = table[lower] + share * (table[lower + 1] - table[lower])
    return found


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


@compiled
def measure_gradient(channels: Plane) -> Values:
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
    count, height, width = channels.shape
    gradient = np.zeros((height, width), np.float32)
    for channel in range(count):
        for row in range(height):
            above, below = max(row - 1, 0), min(row + 1, height - 1)
            for column in range(width):
                left, right = max(column - 1, 0), min(column + 1, width - 1)
                down = channels[channel, below, column] - channels[channel, above, column]
                across = channels[channel, row, right] - channels[channel, row, left]
                gradient[row, column] += down * down + across * across
    return np.sqrt(gradient)
