"""The labels before a panel's rows, all of one width."""

from typing import Any

from magicgui.widgets import Container


def align_labels(container: Container[Any]) -> None:
    """Give all labels of a container one width; magicgui measures them before the theme is set."""
    rows = {row.native.parentWidget() for row in container} - {container.native}
    labels = [row.layout().itemAt(0).widget() for row in rows]
    width = max(label.sizeHint().width() for label in labels)
    for label in labels:
        label.setMinimumWidth(width)
