"""Tell when the panel is first painted and when its dock lets it go; ready the engine meanwhile."""

import threading
from typing import Any

from qtpy.QtCore import QEvent, QObject, QTimer


class PanelWatcher(QObject):
    """Tells when a panel has been painted for the first time, and when its dock has let it go.

    Parameters
    ----------
    panel
        The native widget of the panel.
    """

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self.painted: list[Any] = []
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
            elif self._was_docked:
                self._call_once(self.closed)
        return False

    @staticmethod
    def _call_once(callbacks: list[Any]) -> None:
        while callbacks:
            QTimer.singleShot(0, callbacks.pop(0))


def preload_engine() -> threading.Thread:
    """Load torch and the engine off the main thread, so that the first run need not wait for it."""
    thread = threading.Thread(target=_warm_up, name="ready napari-dynaseg")
    thread.start()
    return thread


def _warm_up() -> None:
    from napari_dynaseg.engine.warm_up import warm_up

    warm_up()
