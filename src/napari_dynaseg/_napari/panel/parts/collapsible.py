"""A collapsible section as tall as what is in it, which scrolls where the window is too low."""

from typing import Any

from qtpy.QtCore import QEvent, QSize, Qt, QTimer
from qtpy.QtWidgets import QScrollArea, QWidget
from superqt import QCollapsible

FRAME = 2


class _TallArea(QScrollArea):
    """A scroll area that would rather be as tall as its widget.

    Parameters
    ----------
    widget
        What is in it.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self._inner = widget
        self.setWidget(widget)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QScrollArea.Shape.NoFrame)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Ask for the height of the widget; Qt would stop at some twenty lines."""
        hint = self._inner.sizeHint()
        return QSize(hint.width(), hint.height() + FRAME)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Ask for the width of the widget at least, and some of its height."""
        return QSize(self._inner.minimumSizeHint().width(), super().minimumSizeHint().height())


class Collapsible(QCollapsible):
    """A collapsible section around a widget; it follows the widget when that grows or shrinks.

    Parameters
    ----------
    title, tooltip
        Of the button that folds it out.
    widget
        What is in it.
    """

    def __init__(self, title: str, tooltip: str, widget: QWidget) -> None:
        super().__init__(title, expandedIcon="▾", collapsedIcon="▸")
        self._inner, self._area = widget, _TallArea(widget)
        self.addWidget(self._area)
        self.setToolTip(tooltip)
        widget.installEventFilter(self)

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802
        """Look at the widget's events and let all of them pass."""
        if event.type() == QEvent.Type.LayoutRequest and watched is self._inner:
            QTimer.singleShot(0, self._follow)
        return bool(super().eventFilter(watched, event))

    def _follow(self) -> None:
        self._area.updateGeometry()
        wanted = self.content().sizeHint().height()
        if self.isExpanded() and abs(self.content().maximumHeight() - wanted) > FRAME + 10:
            self.expand(animate=False)
