"""Tell when the panel is docked, painted first, and let go by its dock."""

from typing import Any

from qtpy.QtCore import QEvent, QObject, QTimer


class PanelWatcher(QObject):
    """Tells when a panel is docked, painted for the first time, and let go by its dock.

    Parameters
    ----------
    panel
        The native widget of the panel.
    """

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self.painted: list[Any] = []
        self.docked: list[Any] = []
        self.closed: list[Any] = []
        self._was_docked = False
        panel.installEventFilter(self)

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802
        """Look at the panel's events and let all of them pass."""
        if event.type() == QEvent.Type.Paint:
            self._call_once(self.painted)
        elif event.type() == QEvent.Type.ParentChange:
            if watched.parent() is not None:
                self._was_docked = True
                self._call_once(self.docked)
            elif self._was_docked:
                self._call_once(self.closed)
        return False

    @staticmethod
    def _call_once(callbacks: list[Any]) -> None:
        while callbacks:
            QTimer.singleShot(0, callbacks.pop(0))
