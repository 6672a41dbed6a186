"""A line that is drawn over the canvas while the mouse is dragged."""

from typing import Any

from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPolygon
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QWidget

WIDTH = 3
COLOURS = QColor(0, 0, 0), QColor(255, 255, 255)


class Stroke(QWidget):
    """A sheet over a widget that shows a line, and lets the mouse through.

    Parameters
    ----------
    canvas
        The widget.
    """

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._line = QPolygon()
        self.hide()

    def show_line(self, points: list[tuple[int, int]]) -> None:
        """Show a line through points of the canvas; none hides it."""
        self._line = QPolygon([QPoint(int(x), int(y)) for x, y in points])
        canvas = self.parentWidget()
        if canvas is not None:
            self.setGeometry(canvas.rect())
        self.setVisible(len(points) > 1)
        self.update()

    def paintEvent(self, _event: Any) -> None:  # noqa: N802
        """Draw the line, white on black, to be seen on anything."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for width, colour in zip((WIDTH + 2, WIDTH), COLOURS, strict=True):
            pen = QPen(colour)
            pen.setWidth(width)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawPolyline(self._line)
        painter.end()


def find_canvas(panel: QWidget) -> QWidget | None:
    """Find the canvas in the window of a panel; `None` where there is no such window."""
    window = panel.window()
    canvases = window.findChildren(QOpenGLWidget) if window is not None else []
    return canvases[0] if canvases else None
