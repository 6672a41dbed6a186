"""What rows are made of: widgets side by side, buttons, lines of text, labels of one width."""

from collections.abc import Callable
from typing import Any

from magicgui.widgets import Container, PushButton
from qtpy.QtWidgets import QLabel


class Row(Container[Any]):
    """Widgets side by side, with nothing around them.

    Parameters
    ----------
    *widgets
        From left to right.
    labels
        Whether each has its label before it.
    **options
        Of the container, such as its label.
    """

    def __init__(self, *widgets: Any, labels: bool = False, **options: Any) -> None:
        super().__init__(widgets=list(widgets), layout="horizontal", labels=labels, **options)
        self.margins = (0, 0, 0, 0)


def make_button(text: str, tooltip: str, press: Callable[[], object] | None = None) -> PushButton:
    """Make a button, and say what pressing it calls."""
    button = PushButton(text=text, tooltip=tooltip)
    if press is not None:
        button.changed.connect(press, max_args=0)
    return button


def make_line() -> QLabel:
    """Make a line of text that wraps in a narrow panel."""
    line = QLabel()
    line.setWordWrap(True)
    return line


def align_labels(container: Container[Any]) -> None:
    """Give all labels of a container one width; magicgui measures them before the theme is set."""
    rows = {row.native.parentWidget() for row in container} - {container.native}
    labels = [row.layout().itemAt(0).widget() for row in rows]
    width = max(label.sizeHint().width() for label in labels)
    for label in labels:
        label.setMinimumWidth(width)
