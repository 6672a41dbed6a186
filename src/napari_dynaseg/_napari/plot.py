"""One small plot of lines against the iteration, drawn by Qt's painter: frame, ticks, lines."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF

TICK_LENGTH = 4
TITLE_WIDTH = 16
STEPS = (1, 2, 5, 10)

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Span:
    """The values that an axis shows, and where on the screen it lies: pixels of both its ends."""

    low: float
    high: float
    first: float
    last: float

    def place(self, values: Numbers) -> Numbers:
        """Say where on the screen values lie."""
        placed: Numbers = self.first + (values - self.low) * (
            (self.last - self.first) / (self.high - self.low)
        )
        return placed


def choose_ticks(low: float, high: float, most: int, least_step: float = 0.0) -> list[float]:
    """Choose round numbers for the ticks of an axis.

    Parameters
    ----------
    low, high
        What the axis shows, ``low < high``.
    most
        How many ticks there is room for, at least 1.
    least_step
        The least distance of two; 1 for whole numbers.

    Examples
    --------
    >>> choose_ticks(0, 95, 5), choose_ticks(0.2, 0.7, 3), choose_ticks(1, 3, 9, 1)
    ([0.0, 20.0, 40.0, 60.0, 80.0], [0.2, 0.4, 0.6], [1.0, 2.0, 3.0])
    """
    rough = max((high - low) / most, least_step)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in STEPS if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    digits = max(0, -math.floor(math.log10(step)))
    return [round(count * step, digits) for count in range(first, last + 1)]


def thin_out(values: Numbers, most: int) -> tuple[npt.NDArray[np.int64], Numbers]:
    """Keep the lowest and the highest of each few values, where there are too many to be seen.

    Returns
    -------
    tuple
        The indices that are kept, rising, and the values there.
    """
    indices = np.arange(len(values))
    if len(values) > most:
        bounds = np.linspace(0, len(values), most // 2 + 1).astype(int)
        parts = [values[start:end] for start, end in pairwise(bounds)]
        lowest = bounds[:-1] + [int(part.argmin()) for part in parts]
        highest = bounds[:-1] + [int(part.argmax()) for part in parts]
        indices = np.unique([0, *lowest, *highest, len(values) - 1])
    return indices, values[indices]


class Plot:
    """A plot of some lines that share their axes.

    Parameters
    ----------
    title
        What the upright axis shows.
    lines
        The colour of each line, by its name.
    ink
        The colour of the frame and all that is written.
    """

    def __init__(self, title: str, lines: dict[str, str], ink: str) -> None:
        self.title, self.lines = title, lines
        self._ink = QColor(ink)

    def draw(
        self,
        painter: QPainter,
        room: QRectF,
        iterations: Sequence[int],
        values: dict[str, list[float]],
    ) -> None:
        """Draw it.

        Parameters
        ----------
        painter
            Of the widget.
        room
            The rectangle between the axes; what is written takes room beside and below it.
        iterations, values
            Of each line by its name; without any only the frame is drawn.
        """
        self._draw_frame(painter, room)
        # A training whose knobs are absurd may run off to infinity; that must not end the viewer.
        lines = {name: _keep_finite(iterations, values[name]) for name in self.lines}
        shown = np.concatenate([numbers for _, numbers in lines.values()])
        if not len(shown):
            return
        across = Span(0, max(iterations[-1], 2), room.left(), room.right())
        low, high = float(shown.min()), float(shown.max())
        margin = 0.06 * (high - low) or abs(high) / 2 or 1.0
        upright = Span(low - margin, high + margin, room.bottom(), room.top())
        self._draw_ticks(painter, across, upright)
        for name, (at, numbers) in lines.items():
            painter.setPen(QPen(QColor(self.lines[name]), 2))
            indices, kept = thin_out(numbers, max(2, 2 * int(room.width())))
            places = zip(across.place(at[indices]), upright.place(kept), strict=True)
            painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in places]))

    def _draw_frame(self, painter: QPainter, room: QRectF) -> None:
        painter.setPen(self._ink)
        painter.drawLine(room.topLeft(), room.bottomLeft())
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        painter.save()
        painter.translate(TITLE_WIDTH / 2, room.center().y())
        painter.rotate(-90)
        box = QRectF(-room.height(), -TITLE_WIDTH / 2, 2 * room.height(), TITLE_WIDTH)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.title)
        painter.restore()

    def _draw_ticks(self, painter: QPainter, across: Span, upright: Span) -> None:
        painter.setPen(self._ink)
        height = painter.fontMetrics().height()
        left, bottom = across.first, upright.first
        most = max(1, int((across.last - across.first) / (4 * height)))
        for tick in choose_ticks(across.low, across.high, most, least_step=1):
            x = float(across.place(np.array(tick)))
            painter.drawLine(QPointF(x, bottom), QPointF(x, bottom + TICK_LENGTH))
            box = QRectF(x - 2 * height, bottom + TICK_LENGTH, 4 * height, height)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{tick:g}")
        most = max(1, int((upright.first - upright.last) / height))
        for tick in choose_ticks(upright.low, upright.high, most):
            y = float(upright.place(np.array(tick)))
            painter.drawLine(QPointF(left - TICK_LENGTH, y), QPointF(left, y))
            box = QRectF(0, y - height / 2, left - TICK_LENGTH - 2, height)
            end = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, end, f"{tick:g}")


def _keep_finite(iterations: Sequence[int], values: Sequence[float]) -> tuple[Numbers, Numbers]:
    at, numbers = np.array(iterations, float), np.array(values, float)
    is_finite = np.isfinite(numbers)
    return at[is_finite], numbers[is_finite]
