"""The ticks and lines of a small plot."""

import math

import numpy as np
import pytest
from qtpy.QtCore import QRectF
from qtpy.QtGui import QImage, QPainter

from napari_dynaseg._napari.plot import Plot, Span, choose_ticks, thin_out


@pytest.mark.parametrize(
    ("low", "high", "most", "ticks"),
    [
        (0, 95, 5, [0, 20, 40, 60, 80]),
        (0.2, 0.7, 3, [0.2, 0.4, 0.6]),
        (-3, 3, 2, [0]),
        (1e-7, 3e-7, 2, [1e-7, 2e-7, 3e-7]),
        (99.9, 100.1, 1, [100]),
    ],
)
def test_ticks_are_round_numbers_within_the_axis(low, high, most, ticks):
    assert choose_ticks(low, high, most) == pytest.approx(ticks)


def test_ticks_of_whole_numbers_have_no_halves_between():
    assert choose_ticks(0, 2, 9, least_step=1) == [0, 1, 2]


def test_few_values_are_all_drawn_and_of_many_no_peak_is_lost():
    indices, kept = thin_out(np.array([3.0, 1.0]), 10)
    assert (indices.tolist(), kept.tolist()) == ([0, 1], [3, 1])
    values = np.zeros(10_000)
    values[1234], values[7777] = 9, -9
    indices, kept = thin_out(values, 100)
    assert len(indices) <= 102
    assert (kept.max(), kept.min()) == (9, -9)
    assert (indices[0], indices[-1]) == (0, 9999)
    np.testing.assert_array_equal(kept, values[indices])


def test_a_span_counts_from_its_first_end():
    assert Span(0, 10, 90, 40).place(np.array([0, 5, 10])).tolist() == [90, 65, 40]


def draw(iterations, values):
    """Draw one red line on black, and give where it is: rows and columns of its pixels."""
    image = QImage(120, 60, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    plot = Plot("w", {"weight": "#ff0000"}, "#0000ff")
    plot.draw(painter, QRectF(40, 5, 70, 30), iterations, {"weight": values})
    painter.end()
    reds = [
        (y, x) for y in range(60) for x in range(120) if image.pixelColor(x, y).getRgb()[0] > 200
    ]
    return np.array(reds).reshape(-1, 2)


def test_a_rising_line_goes_up_from_left_to_right(qapp):
    rows, columns = draw([0, 1, 2], [1.0, 2.0, 3.0]).T
    assert rows[columns.argmin()] > rows[columns.argmax()] + 20
    assert columns.min() <= 42
    assert columns.max() >= 108


def test_a_level_line_is_drawn_in_the_middle(qapp):
    rows, _ = draw([0, 1, 2], [0.0, 0.0, 0.0]).T
    assert abs(rows.mean() - 20) < 3


@pytest.mark.parametrize("values", [[math.nan, math.inf, -math.inf], []])
def test_what_is_not_finite_is_left_out(qapp, values):
    assert not len(draw([0, 1, 2][: len(values)], values))
    assert len(draw([0, 1, 2, 3, 4, 5], [math.nan, math.inf, 1.0, 2.0, 3.0, 4.0]))
