"""Live curves of a run: q', the weight w and the loss terms against the iteration."""

from typing import Any

from napari.utils.theme import get_theme
from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QColor, QPainter
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_dynaseg._napari.plot import TICK_LENGTH, Plot
from napari_dynaseg._napari.worker import Progress, Update

# Okabe and Ito's colours, which colour-blind readers tell apart on light and dark ground.
BLUE, ORANGE, GREEN = "#56B4E9", "#E69F00", "#009E73"
HEIGHT = 250
# Room for the numbers on the left, and around all plots.
LEFT, MARGIN = 52, 8


class Curves(QWidget):
    """Three small plots, one above the other, that share their iteration axis.

    A run draws them once or twice a second on the thread that the whole viewer waits for, and
    they are there when the panel opens: so they are painted here, in a few milliseconds, and
    no library of plots is loaded.

    Parameters
    ----------
    theme
        The viewer's, for ground and ink.
    """

    def __init__(self, theme: str) -> None:
        super().__init__()
        colours = get_theme(theme)
        self._ground, self._ink = colours.background.as_hex(), colours.text.as_hex()
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(200)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._plots = [
            Plot("q'", {"labels_in_use": BLUE}, self._ink),
            Plot("w", {"weight": ORANGE}, self._ink),
            Plot("loss", {"similarity": BLUE, "continuity": GREEN}, self._ink),
        ]
        self._iterations: list[int] = []
        self._values: dict[str, list[float]] = {
            name: [] for plot in self._plots for name in plot.lines
        }
        self.setToolTip(
            "q': labels in use; w: weight of the continuity term; "
            "loss: similarity (blue) and continuity (green), before weighting"
        )

    def clear_curves(self) -> None:
        """Begin anew, for a new run."""
        self._iterations.clear()
        for values in self._values.values():
            values.clear()
        self.update()

    def add_update(self, update: Update | Progress) -> None:
        """Add the iterations that an update brings, and are not there yet."""
        last = self._iterations[-1] if self._iterations else 0
        for measures in update.trail:
            if measures.iteration <= last:
                continue
            self._iterations.append(measures.iteration)
            for name, values in self._values.items():
                values.append(getattr(measures, name))
        self.update()

    def paintEvent(self, _event: Any) -> None:  # noqa: N802
        """Draw the plots."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(self._ground))
        below = TICK_LENGTH + painter.fontMetrics().height()
        height = (self.height() - MARGIN - below) / len(self._plots)
        for row, plot in enumerate(self._plots):
            top, width = MARGIN + row * height, self.width() - LEFT - 2 * MARGIN
            room = QRectF(LEFT, top, width, height - below - MARGIN)
            plot.draw(painter, room, self._iterations, self._values)
        painter.setPen(QColor(self._ink))
        words = QRectF(LEFT, self.height() - below, self.width() - LEFT - MARGIN, below)
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, "iteration")
        painter.end()
