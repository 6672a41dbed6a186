"""Tells when the user turns to anything but some widgets: by a press of the mouse or of a key."""

from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QApplication, QWidget

PRESSES = (QEvent.Type.MouseButtonPress, QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)
MODIFIERS = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta)
# Keys that move within a widget, and so belong to it while it has the focus.
MOVES = (
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Space,
)


class Elsewhere(QObject):
    """Calls back before the press is handled; looks at the events of the whole program meanwhile.

    Parameters
    ----------
    home
        The widgets in which the mouse may be pressed, and moving keys too.
    key
        A key with Shift that may be pressed anywhere, as a capital letter.
    on_press
        Called with every other press.
    """

    def __init__(self, home: Sequence[QWidget], key: str, on_press: Callable[[], None]) -> None:
        super().__init__()
        self._home, self._key, self._on_press = home, getattr(Qt.Key, f"Key_{key}"), on_press
        application: Any = QApplication.instance()
        application.installEventFilter(self)
        self._application = application

    def stop(self) -> None:
        """Look no longer."""
        self._application.removeEventFilter(self)

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802
        """Look at an event and let it pass."""
        if event.type() in PRESSES and isinstance(watched, QWidget):
            is_home = any(home is watched or home.isAncestorOf(watched) for home in self._home)
            if not (self._is_allowed(event, is_home)):
                self._on_press()
        return False

    def _is_allowed(self, event: Any, is_home: bool) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress:
            return is_home
        is_key = event.key() == self._key and event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        return event.key() in MODIFIERS or is_key or (is_home and event.key() in MOVES)
