"""3×3 convolutions with a quarter of the multiplications: Winograd's F(4×4, 3×3).

A tile of 6×6 inputs d and a 3×3 kernel g give 4×4 outputs: Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A, where ⊙ is
36 products in place of 144 (Lavin and Gray 2016, equation 8). Summed over the input channels,
the 36 products of all tiles are 36 matrix products. The transforms are applied as matrix
products as well, first down the rows of the tiles, then along their columns, so that the 36
values of a tile are stored in the order (column, row).

The gradients come from the same parts: with dM = A dY Aᵀ for the outputs' gradient dY, the
kernel's is Gᵀ [(Bᵀ d B) ⊙ dM] G, and the input's is the convolution of dY with the kernel
turned by 180°.
"""

from fractions import Fraction

from napari_dynaseg.backend import torch
from napari_dynaseg.engine.grid import TILE
from napari_dynaseg.engine.lanes import Workspace

EDGE = TILE + 2  # pixels that one tile sees in each direction
PLACES = EDGE * EDGE

# Where the polynomials behind the method are evaluated, besides infinity. Any five different
# numbers are right; these keep float32 rounding lower than the usual 0, ±1, ±2: on a photograph
# 1.7e-7 against 3.1e-7, where a direct convolution has 1.0e-7.
POINTS = (Fraction(0), Fraction(3, 4), Fraction(-3, 4), Fraction(3, 2), Fraction(-3, 2))


def _multiply_out(roots: tuple[Fraction, ...]) -> list[Fraction]:
    """Give the coefficients of Π (x - root), the constant first."""
    coefficients = [Fraction(1)]
    for root in roots:
        shifted = [Fraction(0), *coefficients]
        scaled = [*(root * value for value in coefficients), Fraction(0)]
        coefficients = [one - other for one, other in zip(shifted, scaled, strict=True)]
    return coefficients


def _make_input_transform() -> list[list[Fraction]]:
    """Bᵀ, 6×6 (Toom–Cook): for each point the product of the others' roots, then of all."""
    others = [
        [*_multiply_out(POINTS[:place] + POINTS[place + 1 :]), Fraction(0)]
        for place in range(len(POINTS))
    ]
    return [*others, _multiply_out(POINTS)]


def _make_kernel_transform() -> list[list[Fraction]]:
    """G, 6×3: the kernel's polynomial at each point, over the product of the distances."""
    rows = []
    for point in POINTS:
        distance = Fraction(1)
        for other in POINTS:
            distance *= point - other if other != point else 1
        rows.append([point**power / distance for power in range(3)])
    return [*rows, [Fraction(0), Fraction(0), Fraction(1)]]


def _make_output_transform() -> list[list[Fraction]]:
    """Aᵀ, 4×6: the powers of the points, and infinity for the highest."""
    return [
        [*(point**power for point in POINTS), Fraction(int(power == TILE - 1))]
        for power in range(TILE)
    ]


def _to_tensor(rows: list[list[Fraction]]) -> torch.Tensor:
    return torch.tensor([[float(value) for value in row] for row in rows], dtype=torch.float64)


INPUT = _to_tensor(_make_input_transform()).float()  # Bᵀ, (6, 6)
OUTPUT = _to_tensor(_make_output_transform()).float()  # Aᵀ, (4, 6)
OUTPUT_BACK = OUTPUT.T.contiguous()  # A, (6, 4)
_KERNEL = _to_tensor(_make_kernel_transform())
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
    rows, columns, width, channels = _measure(padded)
    line = width * channels
    # Tiles overlap by two rows: the same memory is seen by two of them.
    tiles = padded.as_strided((rows, EDGE, line), (TILE * line, line, 1))
    halfway = workspace.take("halfway", rows, EDGE, line)
    torch.bmm(INPUT.expand(rows, EDGE, EDGE), tiles, out=halfway)
    gathered = workspace.take("gathered", EDGE, EDGE, rows, columns, channels)
    strides = (channels, line, EDGE * line, TILE * channels, 1)
    gathered.copy_(halfway.as_strided(gathered.shape, strides))  # (column, row, …)
    transformed = workspace.take("transformed input", EDGE, EDGE * rows * columns * channels)
    torch.mm(INPUT, gathered.view(EDGE, -1), out=transformed)
    return transformed.view(PLACES, rows * columns, channels)


def transform_output(products: torch.Tensor, workspace: Workspace) -> torch.Tensor:
    """Aᵀ M A of all tiles: (36, tiles, channels) to (4, 4, tiles, channels), column, row first."""
    tiles, channels = products.shape[1:]
    halfway = workspace.take("halfway", TILE, EDGE, tiles * channels)
    torch.mm(OUTPUT, products.view(EDGE, -1), out=halfway.view(TILE, -1))
    outputs = workspace.take("outputs", TILE, TILE, tiles * channels)
    torch.bmm(OUTPUT.expand(TILE, TILE, EDGE), halfway, out=outputs)
    return outputs.view(TILE, TILE, tiles, channels)


def transform_output_back(padded: torch.Tensor, workspace: Workspace) -> torch.Tensor:
    """A dY Aᵀ of all tiles of a rectangle, from the same padded array as `transform_input`."""
    rows, columns, width, channels = _measure(padded)
    line = width * channels
    tiles = padded[1:-1].view(rows, TILE, line)
    halfway = workspace.take("halfway", rows, EDGE, line)
    torch.bmm(OUTPUT_BACK.expand(rows, EDGE, TILE), tiles, out=halfway)
    gathered = workspace.take("gathered", TILE, EDGE, rows, columns, channels)
    strides = (channels, line, EDGE * line, TILE * channels, 1)
    # The column beside the rectangle is left out: an offset of one pixel.
    gathered.copy_(halfway.as_strided(gathered.shape, strides, channels))
    transformed = workspace.take("transformed gradient", EDGE, EDGE * rows * columns * channels)
    torch.mm(OUTPUT_BACK, gathered.view(TILE, -1), out=transformed)
    return transformed.view(PLACES, rows * columns, channels)


def as_picture(outputs: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """See (4, 4, tiles, channels) as (rows, 4, columns, 4, channels): pixels in their places."""
    channels = outputs.shape[-1]
    return outputs.view(TILE, TILE, rows, columns, channels).permute(2, 1, 3, 0, 4)


def see_tiles(picture: torch.Tensor) -> torch.Tensor:
    """See (4 rows, 4 columns, channels), a part of an array, as (rows, 4, columns, 4, channels)."""
    height, width, channels = picture.shape
    return picture.view(height // TILE, TILE, width // TILE, TILE, channels)


def _measure(padded: torch.Tensor) -> tuple[int, int, int, int]:
    height, width, channels = padded.shape
    return (height - 2) // TILE, (width - 2) // TILE, width, channels
