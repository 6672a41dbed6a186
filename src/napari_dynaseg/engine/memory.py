"""How much memory a training takes, known before it begins."""

from napari_dynaseg.engine.cpu.grid import Grid
from napari_dynaseg.engine.cpu.network_layers import ACTIVATION_SUMS, KERNEL_SUMS
from napari_dynaseg.engine.cpu.winograd import PLACES
from napari_dynaseg.errors import ImageError
from napari_dynaseg.settings import Settings

BYTES = 4  # of a float32
LABEL_BYTES = 16  # of a pixel: its label, its largest response, and the label map of the step


def estimate_training(shape: tuple[int, int, int], settings: Settings) -> int:
    """Estimate the bytes that a training on the CPU takes at its peak.

    Parameters
    ----------
    shape
        (C, H, W) of the plane that it trains on.
    settings
        ``channels`` and ``blocks`` are read.
    """
    channels, height, width = shape
    grid = Grid(height, width, settings.channels)
    pixels = grid.padded_height * grid.padded_width
    per_pixel = BYTES * (10 * channels + settings.blocks * settings.channels) + LABEL_BYTES
    edges = 2 * len(grid.blocks) * grid.padded_width * settings.channels
    # Products of channels: float32 for each block, float64 for each share of the rectangles.
    matrices = settings.channels**2 * (len(grid.blocks) + 2 * ACTIVATION_SUMS)
    kernels = max(0, settings.blocks - 2) * KERNEL_SUMS * PLACES * settings.channels**2
    return pixels * per_pixel + BYTES * (edges + matrices + kernels)


def check_memory(shape: tuple[int, int, int], settings: Settings) -> None:
    """Refuse a training that this machine has not the memory for, before it begins.

    Raises
    ------
    ImageError
        If it would take more than is available; the text says how much, and what helps.
    """
    import psutil

    needed, available = estimate_training(shape, settings), psutil.virtual_memory().available
    if needed > available:
        raise ImageError(
            f"training on a plane of {shape[1]}×{shape[2]} pixels takes about "
            f"{needed / 1e9:.1f} GB, and {available / 1e9:.1f} GB are available; choose Fast "
            "quality, crop the image, or lower the network's channels"
        )
