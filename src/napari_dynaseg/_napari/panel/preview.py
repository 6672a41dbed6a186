"""Other labels shown in the place of a layer's, until the user turns to something else."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from psygnal import Signal
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QApplication, QWidget

from napari_dynaseg._napari.layers.transforms import read_transform

# Marks a layer that is only there to be looked at.
PREVIEW_KEY = "dynaseg_preview"

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


class Preview:
    """Shows labels in a layer of their own, on top of one that is hidden meanwhile.

    The hidden layer stays selected, and nothing of it changes: neither its labels nor its
    history. The preview cannot be painted on. It ends when the mouse is pressed anywhere but in
    some widgets, when a key is pressed, when another plane comes on view, or when one of the two
    layers goes.

    Parameters
    ----------
    viewer
        The viewer.
    layer
        The layer.
    labels
        What to show: of as many axes as the layer, a part of it.
    start
        Where in the layer that part begins.
    name
        Of the preview.
    home, key
        The widgets in which the mouse may be pressed, and the letter that may be pressed with
        Shift.
    """

    ended = Signal()

    def __init__(
        self,
        viewer: ViewerModel,
        layer: Labels,
        labels: Any,
        start: Sequence[int],
        name: str,
        home: Sequence[QWidget],
        key: str,
    ) -> None:
        self.layer, self._layers, self._dims = layer, viewer.layers, viewer.dims
        self._is_over = False
        self._shown = _make_layer(layer, labels, start, name)
        self._add()
        viewer.layers.events.removed.connect(self._on_removed)
        for event in self._list_views():
            event.connect(self.end)
        self._presses = _PressFilter(home, key, self.end)

    def _add(self) -> None:
        selected = set(self._layers.selection)
        self._layers.insert(self._layers.index(self.layer) + 1, self._shown)
        self._layers.selection.clear()
        self._layers.selection.update(selected)
        self.layer.visible = False

    @property
    def is_shown(self) -> bool:
        """Whether the preview is on view, and not the layer itself."""
        return bool(self._shown.visible)

    def show_labels(self, labels: Any, name: str) -> None:
        """Show other labels of the same part."""
        self._shown.data[...] = labels
        self._shown.name = name
        self._shown.refresh(thumbnail=False, highlight=False, extent=False)
        self.switch(True)

    def switch(self, is_shown: bool) -> None:
        """Show the preview, or the layer itself."""
        if is_shown != self.is_shown:
            self._shown.visible, self.layer.visible = is_shown, not is_shown

    def end(self, _event: object = None) -> None:
        """Show the layer itself, and take the preview away."""
        if self._is_over:
            return
        self._is_over = True
        self._presses.stop()
        self._layers.events.removed.disconnect(self._on_removed)
        for event in self._list_views():
            event.disconnect(self.end)
        self.layer.visible = True
        if self._shown in self._layers:
            self._layers.remove(self._shown)
        self.ended.emit()

    def _list_views(self) -> list[Any]:
        events = self._dims.events
        return [events.current_step, events.ndisplay, events.order]

    def _on_removed(self, event: Any) -> None:
        if event.value in (self.layer, self._shown):
            self.end()


class _PressFilter(QObject):
    """Tells when the mouse or a key is pressed anywhere in the program but in some widgets.

    It calls back before the press is handled.

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


def _make_layer(layer: Labels, labels: Any, start: Sequence[int], name: str) -> Labels:
    """Make a layer that looks like another one and lies on a part of it."""
    _, attributes, _ = layer.as_layer_data_tuple()
    attributes |= {
        "name": name,
        "translate": np.asarray(read_transform(layer)(start)),
        "metadata": {PREVIEW_KEY: True},
        "features": None,
        "visible": True,
    }
    preview = Labels(np.array(labels), **attributes)
    preview.editable = False
    return preview


def is_preview(layer: Layer | None) -> bool:
    """Tell whether a layer is only there to be looked at."""
    return layer is not None and not layer.editable and PREVIEW_KEY in layer.metadata
