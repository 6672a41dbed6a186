"""3×3 convolutions with a quarter of the multiplications: Winograd's F(4×4, 3×3).

A tile of 6×6 inputs d and a 3×3 kernel g give 4×4 outputs: Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A, where ⊙ is
36 products in place of 144 (Lavin and Gray 2016, equation 8). Summed over the input channels,
the 36 products of all tiles are 36 matrix products. The transforms go first down the rows of the
tiles, then along their columns, so that the 36 values of a tile are stored in the order
(column, row); `napari_dynaseg.engine.cpu.tile_transforms` has them as loops.

The gradients come from the same parts: with dM = A dY Aᵀ for the outputs' gradient dY, the
kernel's is Gᵀ [(Bᵀ d B) ⊙ dM] G, and the input's is the convolution of dY with the kernel
turned by 180°.
"""

import math

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.cpu.grid import TILE
from napari_dynaseg.engine.cpu.thread_pool import Workspace
from napari_dynaseg.engine.cpu.tile_transforms import (
    FAR,
    NEAR,
    transform_errors,
    transform_inputs,
    transform_outputs,
)

EDGE = TILE + 2  # pixels that one tile sees in each direction
PLACES = EDGE * EDGE

# Where the polynomials behind the method are evaluated, besides infinity. Any five different
# numbers are right; these keep float32 rounding lower than the usual 0, ±1, ±2: on a photograph
# 1.7e-7 against 3.1e-7, where a direct convolution has 1.0e-7.
POINTS = (0.0, NEAR, -NEAR, FAR, -FAR)


def _make_kernel_transform() -> torch.Tensor:
    """G, (6, 3): the kernel's polynomial at each point, over the product of the distances."""
    rows = []
    for point in POINTS:
        distance = math.prod(point - other for other in POINTS if other != point)
        rows.append([point**power / distance for power in range(3)])
    return torch.tensor([*rows, [0.0, 0.0, 1.0]], dtype=torch.float64)


_KERNEL = _make_kernel_transform()
KERNEL = torch.kron(_KERNEL, _KERNEL).float()  # G for columns and rows at once, (36, 9)


def transform_kernels(weight: torch.Tensor) -> torch.Tensor:
    """G g Gᵀ of all kernels: (out, in, 3, 3) to (36, in, out)."""
    outgoing, incoming = weight.shape[:2]
    return (KERNEL @ weight.permute(3, 2, 1, 0).reshape(9, -1)).view(PLACES, incoming, outgoing)


def transform_kernels_back(gradient: torch.Tensor) -> torch.Tensor:
    """Gᵀ dU G, from the gradient of the transformed kernels: (36, in, out) to (out, in, 3, 3)."""
    incoming, outgoing = gradient.shape[1:]
    kernels = KERNEL.T @ gradient.reshape(PLACES, -1)
    return kernels.view(3, 3, incoming, outgoing).permute(3, 2, 1, 0)


def transform_input(padded: torch.Tensor, workspace: Workspace) -> torch.Tensor:
    """Bᵀ d B of all tiles of a rectangle.

    Parameters
    ----------
    padded
        The rectangle with one pixel around it, contiguous, (4 rows + 2, 4 columns + 2, channels).
    workspace
        Where the result lies until the next call.

    Returns
    -------
    torch.Tensor
        (36, rows * columns, channels).
    """
    halfway, transformed = _take(padded, workspace, "transformed input")
    transform_inputs(padded.numpy(), halfway.numpy(), transformed.numpy())
    return transformed.view(PLACES, -1, padded.shape[2])


def transform_output(
    products: torch.Tensor, rows: int, columns: int, workspace: Workspace
) -> torch.Tensor:
    """Aᵀ M A of all tiles: (36, rows * columns, channels) to (4 rows, 4 columns, channels)."""
    channels = products.shape[2]
    halfway = workspace.take("halfway", EDGE, TILE, channels)
    picture = workspace.take("picture", TILE * rows, TILE * columns, channels)
    tiles = products.view(EDGE, EDGE, rows, columns, channels)
    transform_outputs(tiles.numpy(), halfway.numpy(), picture.numpy())
    return picture


def transform_output_back(padded: torch.Tensor, workspace: Workspace) -> torch.Tensor:
    """A dY Aᵀ of all tiles of a rectangle, from the same padded array as `transform_input`."""
    halfway, transformed = _take(padded, workspace, "transformed errors")
    transform_errors(padded.numpy(), halfway.numpy(), transformed.numpy())
    return transformed.view(PLACES, -1, padded.shape[2])


def convolve(padded: torch.Tensor, kernels: torch.Tensor, workspace: Workspace) -> torch.Tensor:
    """Convolve a padded rectangle with transformed kernels: (4 rows, 4 columns, out)."""
    rows, columns = count_tiles(padded)
    inputs = transform_input(padded, workspace)
    products = workspace.take("products", *inputs.shape[:2], kernels.shape[2])
    torch.bmm(inputs, kernels, out=products)
    return transform_output(products, rows, columns, workspace)


def count_tiles(padded: torch.Tensor) -> tuple[int, int]:
    """Count the rows and columns of tiles of a padded rectangle."""
    return (padded.shape[0] - 2) // TILE, (padded.shape[1] - 2) // TILE


def _take(
    padded: torch.Tensor, workspace: Workspace, name: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Take the memory of a transform from pixels to the 36 values of each tile."""
    _, width, channels = padded.shape
    halfway = workspace.take("halfway", EDGE, width, channels)
    return halfway, workspace.take(name, EDGE, EDGE, *count_tiles(padded), channels)
