"""The transforms of Winograd's F(4×4, 3×3), as compiled loops over lines of values.

A line holds one row of a rectangle, or the channels of one pixel. Each transform takes the six
or four lines of a tile in one direction to six or four others; see the module ``winograd`` for the
matrices. The points 0, ±3/4, ±3/2 and infinity come in pairs of opposite sign, and what
the two of a pair share is computed once.
"""

import numpy as np

from napari_dynaseg.engine.compiled import Values, compiled

# The two points besides 0 and infinity, and what the matrices make of them.
NEAR, FAR = 0.75, 1.5
_A, _B = np.float32(NEAR), np.float32(FAR)
_A2, _B2 = np.float32(NEAR**2), np.float32(FAR**2)
_A3, _B3 = np.float32(NEAR**3), np.float32(FAR**3)
_PRODUCT, _SUM = np.float32(NEAR**2 * FAR**2), np.float32(NEAR**2 + FAR**2)


@compiled
def apply_input_matrix(
    source: Values, start: int, step: int, goal: Values, place: int, stride: int, length: int
) -> None:
    """Bᵀ: six lines of the source to six lines of the goal, both flat.

    Parameters
    ----------
    source, goal
        What is read and written.
    start, place
        Where their first lines begin.
    step, stride
        How far their lines lie apart.
    length
        Values of a line.
    """
    x0 = source[start : start + length]
    x1 = source[start + step : start + step + length]
    x2 = source[start + 2 * step : start + 2 * step + length]
    x3 = source[start + 3 * step : start + 3 * step + length]
    x4 = source[start + 4 * step : start + 4 * step + length]
    x5 = source[start + 5 * step : start + 5 * step + length]
    # One loop a line: a loop over few arrays is one that the compiler makes wide.
    line = goal[place : place + length]
    for i in range(length):
        line[i] = _PRODUCT * x0[i] - _SUM * x2[i] + x4[i]
    line = goal[place + stride : place + stride + length]
    for i in range(length):
        line[i] = (x4[i] - _B2 * x2[i]) + _A * (x3[i] - _B2 * x1[i])
    line = goal[place + 2 * stride : place + 2 * stride + length]
    for i in range(length):
        line[i] = (x4[i] - _B2 * x2[i]) - _A * (x3[i] - _B2 * x1[i])
    line = goal[place + 3 * stride : place + 3 * stride + length]
    for i in range(length):
        line[i] = (x4[i] - _A2 * x2[i]) + _B * (x3[i] - _A2 * x1[i])
    line = goal[place + 4 * stride : place + 4 * stride + length]
    for i in range(length):
        line[i] = (x4[i] - _A2 * x2[i]) - _B * (x3[i] - _A2 * x1[i])
    line = goal[place + 5 * stride : place + 5 * stride + length]
    for i in range(length):
        line[i] = _PRODUCT * x1[i] - _SUM * x3[i] + x5[i]


@compiled
def apply_output_matrix(
    source: Values, start: int, step: int, goal: Values, place: int, stride: int, length: int
) -> None:
    """Aᵀ: six lines to four; the parameters are those of `apply_input_matrix`."""
    m0 = source[start : start + length]
    m1 = source[start + step : start + step + length]
    m2 = source[start + 2 * step : start + 2 * step + length]
    m3 = source[start + 3 * step : start + 3 * step + length]
    m4 = source[start + 4 * step : start + 4 * step + length]
    m5 = source[start + 5 * step : start + 5 * step + length]
    line = goal[place : place + length]
    for i in range(length):
        line[i] = m0[i] + (m1[i] + m2[i]) + (m3[i] + m4[i])
    line = goal[place + stride : place + stride + length]
    for i in range(length):
        line[i] = _A * (m1[i] - m2[i]) + _B * (m3[i] - m4[i])
    line = goal[place + 2 * stride : place + 2 * stride + length]
    for i in range(length):
        line[i] = _A2 * (m1[i] + m2[i]) + _B2 * (m3[i] + m4[i])
    line = goal[place + 3 * stride : place + 3 * stride + length]
    for i in range(length):
        line[i] = _A3 * (m1[i] - m2[i]) + _B3 * (m3[i] - m4[i]) + m5[i]


@compiled
def apply_output_matrix_back(
    source: Values, start: int, step: int, goal: Values, place: int, stride: int, length: int
) -> None:
    """A: four lines to six; the parameters are those of `apply_input_matrix`."""
    y0 = source[start : start + length]
    y1 = source[start + step : start + step + length]
    y2 = source[start + 2 * step : start + 2 * step + length]
    y3 = source[start + 3 * step : start + 3 * step + length]
    line = goal[place : place + length]
    for i in range(length):
        line[i] = y0[i]
    line = goal[place + stride : place + stride + length]
    for i in range(length):
        line[i] = (y0[i] + _A2 * y2[i]) + (_A * y1[i] + _A3 * y3[i])
    line = goal[place + 2 * stride : place + 2 * stride + length]
    for i in range(length):
        line[i] = (y0[i] + _A2 * y2[i]) - (_A * y1[i] + _A3 * y3[i])
    line = goal[place + 3 * stride : place + 3 * stride + length]
    for i in range(length):
        line[i] = (y0[i] + _B2 * y2[i]) + (_B * y1[i] + _B3 * y3[i])
    line = goal[place + 4 * stride : place + 4 * stride + length]
    for i in range(length):
        line[i] = (y0[i] + _B2 * y2[i]) - (_B * y1[i] + _B3 * y3[i])
    line = goal[place + 5 * stride : place + 5 * stride + length]
    for i in range(length):
        line[i] = y3[i]


@compiled
def transform_inputs(padded: Values, halfway: Values, goal: Values) -> None:
    """Bᵀ d B of all tiles of a rectangle.

    Parameters
    ----------
    padded
        The rectangle with one pixel around it, (4 rows + 2, 4 columns + 2, channels).
    halfway
        Scratch memory, six lines of it: (6, 4 columns + 2, channels).
    goal
        (6, 6, rows, columns, channels): column and row of the tile's 36 values first.
    """
    rows, columns, channels = goal.shape[2:]
    line = padded.shape[1] * channels
    values, lines, flat = padded.reshape(-1), halfway.reshape(-1), goal.reshape(-1)
    place = rows * columns * channels
    for row in range(rows):
        apply_input_matrix(values, 4 * row * line, line, lines, 0, line, line)
        for column in range(columns):
            tile = (row * columns + column) * channels
            for part in range(6):
                start = part * line + 4 * column * channels
                first = part * place + tile
                apply_input_matrix(lines, start, channels, flat, first, 6 * place, channels)


@compiled
def transform_outputs(products: Values, halfway: Values, picture: Values) -> None:
    """Aᵀ M A of all tiles of a rectangle.

    Parameters
    ----------
    products
        (6, 6, rows, columns, channels), as `transform_inputs` orders them.
    halfway
        Scratch memory for a tile, (6, 4, channels).
    picture
        The rectangle, (4 rows, 4 columns, channels).
    """
    rows, columns, channels = products.shape[2:]
    line = picture.shape[1] * channels
    values, lines, flat = products.reshape(-1), halfway.reshape(-1), picture.reshape(-1)
    place = rows * columns * channels
    for row in range(rows):
        for column in range(columns):
            tile = (row * columns + column) * channels
            for part in range(6):
                start = 6 * part * place + tile
                first = 4 * part * channels
                apply_output_matrix(values, start, place, lines, first, channels, channels)
            for part in range(4):
                start = part * channels
                first = (4 * row + part) * line + 4 * column * channels
                apply_output_matrix(lines, start, 4 * channels, flat, first, channels, channels)


@compiled
def transform_errors(padded: Values, halfway: Values, goal: Values) -> None:
    """A dY Aᵀ of all tiles; the parameters are those of `transform_inputs`."""
    rows, columns, channels = goal.shape[2:]
    line = padded.shape[1] * channels
    values, lines, flat = padded.reshape(-1), halfway.reshape(-1), goal.reshape(-1)
    place = rows * columns * channels
    for row in range(rows):
        apply_output_matrix_back(values, (4 * row + 1) * line, line, lines, 0, line, line)
        for column in range(columns):
            tile = (row * columns + column) * channels
            for part in range(6):
                start = part * line + (4 * column + 1) * channels
                first = part * place + tile
                apply_output_matrix_back(lines, start, channels, flat, first, 6 * place, channels)
