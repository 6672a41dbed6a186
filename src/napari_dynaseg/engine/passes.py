"""Single passes over activations and their gradients, as compiled loops.

All arrays are contiguous; sums over pixels are gathered in float32 over a few pixels at a time,
and in float64 over these.
"""

import numpy as np

from napari_dynaseg.engine.compiled import Sums, Values, compiled

# Over how many pixels a sum is float32.
PIXELS_A_SUM = 64
_ZERO = np.float32(0)


@compiled
def cut_out(
    array: Values,
    top: int,
    left: int,
    height: int,
    width: int,
    scale: Values,
    shift: Values,
    goal: Values,
    goes_on: bool,
) -> None:
    """Copy a rectangle, scaled and shifted, with zeros or the edge's pixels beyond the plane.

    Parameters
    ----------
    array
        (padded H, padded W, channels).
    top, left
        Where the rectangle begins; -1 is the row or column before the plane.
    height, width
        H and W of the plane.
    scale, shift
        (channels,).
    goal
        The rectangle, (h, w, channels).
    goes_on
        Whether the plane goes on beyond its edge as it ends.
    """
    for row in range(goal.shape[0]):
        y = top + row
        if goes_on:
            y = min(max(y, 0), height - 1)
        for column in range(goal.shape[1]):
            x = left + column
            if goes_on:
                x = min(max(x, 0), width - 1)
            pixel = goal[row, column]
            if 0 <= y < height and 0 <= x < width:
                values = array[y, x]
                for i in range(len(pixel)):
                    pixel[i] = values[i] * scale[i] + shift[i]
            else:
                pixel[:] = _ZERO


@compiled
def finish_rectangle(
    picture: Values,
    bias: Values,
    goal: Values,
    top: int,
    left: int,
    height: int,
    width: int,
    total: Sums,
) -> None:
    """Add the bias, apply the ReLU, clear what is beyond the plane, copy it, and sum it.

    Parameters
    ----------
    picture
        A rectangle of a convolution's output, (h, w, channels); changed in place.
    bias
        (channels,).
    goal
        (padded H, padded W, channels), where the rectangle is copied.
    top, left
        Where the rectangle begins.
    height, width
        H and W of the plane.
    total
        (channels,), the sum over the pixels is added.
    """
    part = np.zeros(len(bias), np.float32)
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            pixel, copy = picture[row, column], goal[top + row, left + column]
            if top + row < height and left + column < width:
                for i in range(len(pixel)):
                    pixel[i] = max(pixel[i] + bias[i], _ZERO)
                for i in range(len(pixel)):
                    copy[i] = pixel[i]
                    part[i] += pixel[i]
            else:
                pixel[:] = _ZERO
                copy[:] = _ZERO
        _flush(part, total)


@compiled
def sum_values(values: Values, total: Sums) -> None:
    """Add the sum of (pixels, channels) over the pixels."""
    part = np.zeros(len(total), np.float32)
    for place in range(len(values)):
        pixel = values[place]
        for i in range(len(pixel)):
            part[i] += pixel[i]
        if place % PIXELS_A_SUM == PIXELS_A_SUM - 1:
            _flush(part, total)
    _flush(part, total)


@compiled
def sum_squares(values: Values, squares: Sums) -> None:
    """Add the squares of (pixels, channels) over the pixels."""
    part = np.zeros(len(squares), np.float32)
    for place in range(len(values)):
        pixel = values[place]
        for i in range(len(pixel)):
            part[i] += pixel[i] * pixel[i]
        if place % PIXELS_A_SUM == PIXELS_A_SUM - 1:
            _flush(part, squares)
    _flush(part, squares)


@compiled
def spread_out(values: Values, goal: Values, total: Sums) -> None:
    """Copy (rows, W, channels) into a padded block, zeros around it, and add the sum.

    Parameters
    ----------
    values
        What is copied.
    goal
        As many rows and columns, or more.
    total
        (channels,).
    """
    part = np.zeros(len(total), np.float32)
    for row in range(goal.shape[0]):
        for column in range(goal.shape[1]):
            copy = goal[row, column]
            if row < values.shape[0] and column < values.shape[1]:
                pixel = values[row, column]
                for i in range(len(pixel)):
                    copy[i] = pixel[i]
                    part[i] += pixel[i]
            else:
                copy[:] = _ZERO
        _flush(part, total)


@compiled
def pass_norm_and_relu_back(
    activation: Values,
    gradient: Values,
    through: Values,
    slope: Values,
    offset: Values,
    total: Sums,
) -> None:
    """Replace an activation by the gradient before the ReLU and the batch norm behind it.

    Parameters
    ----------
    activation
        (pixels, channels), changed in place.
    gradient
        That of the batch norm's output, (pixels, channels).
    through, slope, offset
        See `napari_dynaseg.engine.norm.NormGradient`, (channels,).
    total
        (channels,), the sum of the result is added.
    """
    part = np.zeros(len(total), np.float32)
    for place in range(len(activation)):
        pixel, behind = activation[place], gradient[place]
        for i in range(len(pixel)):
            before = offset[i] + pixel[i] * slope[i] + behind[i] * through[i]
            pixel[i] = before if pixel[i] > _ZERO else _ZERO
            part[i] += pixel[i]
        if place % PIXELS_A_SUM == PIXELS_A_SUM - 1:
            _flush(part, total)
    _flush(part, total)


@compiled
def sum_with_products(gradient: Values, activation: Values, total: Sums, dot: Sums) -> None:
    """Add the sums of a gradient, and of its products with an activation, over the pixels."""
    part, product = np.zeros(len(total), np.float32), np.zeros(len(total), np.float32)
    for place in range(len(gradient)):
        behind, pixel = gradient[place], activation[place]
        for i in range(len(pixel)):
            part[i] += behind[i]
            product[i] += behind[i] * pixel[i]
        if place % PIXELS_A_SUM == PIXELS_A_SUM - 1:
            _flush(part, total)
            _flush(product, dot)
    _flush(part, total)
    _flush(product, dot)


@compiled
def _flush(part: Values, total: Sums) -> None:
    """Add sums of float32 to those of float64, and begin them anew."""
    for i in range(len(part)):
        total[i] += part[i]
        part[i] = _ZERO
