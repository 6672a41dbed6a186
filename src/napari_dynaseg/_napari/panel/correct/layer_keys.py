"""Keys on a label layer for the correction tools, and the card that lists them."""

from collections.abc import Callable, Mapping

from napari.layers import Labels
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

Action = Callable[[], None]


class LayerKeys:
    """Binds keys on one layer at a time; the viewer's and napari's own stay as they are.

    Parameters
    ----------
    actions
        What each key does.
    """

    def __init__(self, actions: Mapping[str, Action]) -> None:
        self._actions = actions
        self._layer: Labels | None = None
        self._bound: list[str] = []

    def move_to(self, layer: Labels | None) -> None:
        """Bind the keys on another layer, those that the user has bound there left out."""
        if self._layer is not None:
            for key in self._bound:
                self._layer.bind_key(key, None)
        self._layer, self._bound = layer, []
        if layer is None:
            return
        for key, action in self._actions.items():
            try:
                layer.bind_key(key, lambda _layer, action=action: action())
            except ValueError:  # it is bound already
                continue
            self._bound.append(key)


def make_card(parent: QWidget, lines: Mapping[str, str]) -> QDialog:
    """Make a card that lists keys and what they do; a click beside it closes it."""
    rows = "".join(
        f"<tr><td style='padding-right: 14px'><b>{key.replace('-', '+')}</b></td>"
        f"<td>{text}</td></tr>"
        for key, text in lines.items()
    )
    card = QDialog(parent, Qt.WindowType.Popup)
    layout = QVBoxLayout(card)
    layout.addWidget(QLabel(f"<table cellspacing='3'>{rows}</table>"))
    return card
