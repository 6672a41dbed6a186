"""The grid: every row and every tile belongs to exactly one part."""

import pytest

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.cpu.grid import Grid

SHAPES = [(1, 1), (1, 900), (900, 1), (13, 17), (321, 481), (64, 64)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("channels", [2, 100, 1024])
def test_the_blocks_cover_every_row_once(shape, channels):
    grid = Grid(*shape, channels)
    rows = [row for block in grid.blocks for row in range(block.start, block.stop)]
    assert rows == list(range(grid.padded_height))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("channels", [2, 100, 1024])
def test_the_rectangles_cover_every_tile_once(shape, channels):
    grid = Grid(*shape, channels)
    covered = torch.zeros(grid.padded_height // 4, grid.padded_width // 4)
    for part in grid.rectangles:
        covered[part.top : part.bottom, part.left : part.right] += 1
    assert (covered == 1).all()


def test_the_margin_beyond_the_plane_is_cleared_and_the_plane_left_alone():
    grid = Grid(5, 6, 100)
    array = grid.allocate(1) + 1
    for block in grid.blocks:
        grid.clear_margin(array, block)
    assert (array[:5, :6] == 1).all()
    assert array.sum() == 30
