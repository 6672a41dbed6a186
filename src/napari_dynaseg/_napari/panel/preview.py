"""Other labels shown in the place of a layer's, which stays as it is, until one turns elsewhere."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from napari.utils.transforms import Affine
from psygnal import Signal
from qtpy.QtWidgets import QWidget

from napari_dynaseg._napari.panel.elsewhere import Elsewhere

# Marks a layer that is only there to be looked at.
PREVIEW_KEY = "dynaseg_preview"


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
            event.connect(self._on_view)
        self._elsewhere = Elsewhere(home, key, self.end)

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

    def end(self) -> None:
        """Show the layer itself, and take the preview away."""
        if self._is_over:
            return
        self._is_over = True
        self._elsewhere.stop()
        self._layers.events.removed.disconnect(self._on_removed)
        for event in self._list_views():
            event.disconnect(self._on_view)
        self.layer.visible = True
        if self._shown in self._layers:
            self._layers.remove(self._shown)
        self.ended.emit()

    def _list_views(self) -> list[Any]:
        events = self._dims.events
        return [events.current_step, events.ndisplay, events.order]

    def _on_view(self, _event: Any) -> None:
        self.end()

    def _on_removed(self, event: Any) -> None:
        if event.value in (self.layer, self._shown):
            self.end()


def _make_layer(layer: Labels, labels: Any, start: Sequence[int], name: str) -> Labels:
    """Make a layer that looks like another one and lies on a part of it."""
    _, attributes, _ = layer.as_layer_data_tuple()
    transform = Affine(
        scale=layer.scale, translate=layer.translate, rotate=layer.rotate, shear=layer.shear
    )
    attributes |= {
        "name": name,
        "translate": np.asarray(transform(start)),
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
