"""Live curves of a run: q', the weight w and the loss terms against the iteration."""

from typing import Any

from napari.utils.theme import get_theme
from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from napari_dynaseg._napari.work.worker import Measures, Progress

# Okabe and Ito's colours, which colour-blind readers tell apart on light and dark ground.
BLUE, ORANGE, GREEN = "#56B4E9", "#E69F00", "#009E73"
HEIGHT, LEAST_HEIGHT = 250, 130
DIRECT = Qt.FindChildOption.FindDirectChildrenOnly
PLOTS = {
    "q'": {"labels_in_use": BLUE},
    "w": {"weight": ORANGE},
    "loss": {"similarity": BLUE, "continuity": GREEN},
}


class Curves(QWidget):
    """Three small plots, one above the other, that share their iteration axis.

    The library that draws them is loaded by `build`, so that a panel opens without waiting for it.

    Parameters
    ----------
    theme
        The viewer's, for ground and ink.
    """

    def __init__(self, theme: str) -> None:
        super().__init__()
        colours = get_theme(theme)
        self._ground, self._ink = colours.background.as_hex(), colours.text.as_hex()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.setMinimumWidth(200)
        # On a low screen they give way to the rows above and below.
        self.setMaximumHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._trail: list[Measures] = []
        self._lines: dict[str, Any] = {}
        self.setToolTip(
            "q': labels in use; w: weight of the continuity term; "
            "loss: similarity (blue) and continuity (green), before weighting"
        )

    def sizeHint(self) -> QSize:  # noqa: N802
        """Want room for all three plots."""
        return QSize(super().sizeHint().width(), HEIGHT)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Need none."""
        return QSize(0, 0)

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        """Show nothing where nothing could be read."""
        super().resizeEvent(event)
        for view in self.findChildren(QWidget, options=DIRECT):
            view.setVisible(event.size().height() >= LEAST_HEIGHT)

    def build(self) -> None:
        """Make the plots, if they are not there yet."""
        if self._lines:
            return
        import pyqtgraph

        view = pyqtgraph.GraphicsLayoutWidget()
        view.setBackground(self._ground)
        for row, (title, curves) in enumerate(PLOTS.items()):
            plot = self._add_plot(view.ci.addPlot(row=row, col=0), title)
            for name, colour in curves.items():
                self._lines[name] = plot.plot(pen=pyqtgraph.mkPen(colour, width=2))
        plot.setLabel("bottom", "iteration", color=self._ink)
        view.setMinimumHeight(0)
        self._layout.addWidget(view)

    def _add_plot(self, plot: Any, title: str) -> Any:
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
        return plot

    def clear_curves(self) -> None:
        """Begin anew, for a new run."""
        self._trail.clear()
        self._draw()

    def add_update(self, update: Progress) -> None:
        """Add the iterations that an update brings, and are not there yet."""
        last = self._trail[-1].iteration if self._trail else 0
        self._trail += [measures for measures in update.trail if measures.iteration > last]
        self._draw()

    def _draw(self) -> None:
        self.build()
        iterations = [measures.iteration for measures in self._trail]
        for name, line in self._lines.items():
            line.setData(iterations, [getattr(measures, name) for measures in self._trail])
