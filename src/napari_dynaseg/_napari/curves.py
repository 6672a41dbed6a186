"""Live curves of a run: q', the weight w and the loss terms against the iteration."""

import pyqtgraph as pg
from napari.utils.theme import get_theme
from qtpy.QtWidgets import QSizePolicy

from napari_dynaseg._napari.worker import Update

# Okabe and Ito's colours, which colour-blind readers tell apart on light and dark ground.
BLUE, ORANGE, GREEN = "#56B4E9", "#E69F00", "#009E73"


class Curves(pg.GraphicsLayoutWidget):
    """Three small plots, one above the other, that share their iteration axis."""

    def __init__(self, theme: str) -> None:
        super().__init__()
        colours = get_theme(theme)
        self.setBackground(colours.background.as_hex())
        self._ink = colours.text.as_hex()
        self.setFixedHeight(250)
        self.setMinimumWidth(200)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._iterations: list[int] = []
        self._values: dict[str, list[float]] = {}
        self._lines: dict[str, pg.PlotDataItem] = {}
        self._add_plot("q'", {"labels_in_use": BLUE})
        self._add_plot("w", {"weight": ORANGE})
        losses = self._add_plot("loss", {"similarity": BLUE, "continuity": GREEN})
        losses.setLabel("bottom", "iteration", color=self._ink)
        self.setToolTip(
            "q': labels in use; w: weight of the continuity term; "
            "loss: similarity (blue) and continuity (green), before weighting"
        )

    def _add_plot(self, title: str, curves: dict[str, str]) -> pg.PlotItem:
        plot = self.ci.addPlot(row=len(self._lines), col=0)
        plot.setLabel("left", title, color=self._ink)
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(False, False)
        plot.hideButtons()
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setPen(self._ink)
            axis.setTextPen(self._ink)
        plot.getAxis("left").setWidth(48)
        plot.getAxis("left").setTickDensity(0.4)
        for name, colour in curves.items():
            self._values[name] = []
            self._lines[name] = plot.plot(pen=pg.mkPen(colour, width=2))
        return plot

    def clear_curves(self) -> None:
        """Begin anew, for a new run."""
        self._iterations.clear()
        for values in self._values.values():
            values.clear()
        self._draw()

    def add_update(self, update: Update) -> None:
        """Add the iterations that an update brings."""
        for measures in update.trail:
            self._iterations.append(measures.iteration)
            for name, values in self._values.items():
                values.append(getattr(measures, name))
        self._draw()

    def _draw(self) -> None:
        for name, line in self._lines.items():
            line.setData(self._iterations, self._values[name])
