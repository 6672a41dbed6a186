"""Tell when the panel is docked, painted first, and let go by its dock or its window."""

from typing import Any

from psygnal import Signal
from qtpy.QtCore import QEvent, QObject, QTimer


class WindowWatcher(QObject):
    """Tells when a main window closes, before anything in it is deleted.

    Parameters
    ----------
    window
        The viewer's.
    """

    closed = Signal()

    def __init__(self, window: Any) -> None:
        super().__init__(window)
        self._is_closing = False
        window.installEventFilter(self)

    @classmethod
    def of(cls, window: Any) -> "WindowWatcher":
        """Give the one of a window."""
        found: WindowWatcher = window.findChild(cls) or cls(window)
        return found

    def eventFilter(self, window: Any, event: Any) -> bool:  # noqa: N802
        """See the window close: it hides after it was asked to, unless it was hidden before."""
        if event.type() == QEvent.Type.Close:
            self._is_closing = True
            # One that was never shown does not hide; napari obeys whatever is no user's wish.
            if not window.isVisible() and not event.spontaneous():
                self.closed.emit()
        elif event.type() == QEvent.Type.Show:
            self._is_closing = False
        elif event.type() == QEvent.Type.Hide and self._is_closing and not event.spontaneous():
            self.closed.emit()
        return False


class PanelWatcher(QObject):
    """Tells when a panel is docked, painted for the first time, and let go.

    Parameters
    ----------
    panel
        The native widget of the panel.
    """

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self.painted: list[Any] = []
        self.docked: list[Any] = [self._watch_window]
        self.closed: list[Any] = []
        self._was_docked = False
        panel.installEventFilter(self)

    def _watch_window(self) -> None:
        panel: Any = self.parent()
        WindowWatcher.of(panel.window()).closed.connect(self._close)

    def _close(self) -> None:
        while self.closed:
            self.closed.pop(0)()

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802
        """Look at the panel's events and let all of them pass."""
        if event.type() == QEvent.Type.Paint:
            self._call_later(self.painted)
        elif event.type() == QEvent.Type.ParentChange:
            if watched.parent() is not None:
                self._was_docked = True
                self._call_later(self.docked)
            elif self._was_docked:
                QTimer.singleShot(0, self._close)
        return False

    @staticmethod
    def _call_later(callbacks: list[Any]) -> None:
        while callbacks:
            QTimer.singleShot(0, callbacks.pop(0))
