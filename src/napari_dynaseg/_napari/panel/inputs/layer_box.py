"""The box that chooses a layer, and holds it whatever its name becomes."""

from typing import Any

from magicgui.widgets import ComboBox
from napari.components import ViewerModel
from napari.layers import Labels, Layer, Shapes
from psygnal import Signal

from napari_dynaseg._napari.layers.reading import PLACING
from napari_dynaseg._napari.panel.preview import is_preview

EVERYWHERE = "Everywhere"


class LayerBox(ComboBox):
    """A box of the viewer's layers of some kinds; the chosen one is held by identity.

    magicgui's own box of layers matches by name, and so jumps when the chosen one is renamed.

    Parameters
    ----------
    viewer
        Whose layers to offer.
    kinds
        Which of them.
    label, tooltip
        What the box is called, and what the layer is for.
    nothing
        What stands for no layer; by default one is chosen wherever there is any, at first the
        active one.
    """

    altered = Signal()  # other layers are offered, or one has another name, data or place

    def __init__(
        self,
        viewer: ViewerModel,
        kinds: tuple[type[Layer], ...],
        label: str,
        tooltip: str,
        nothing: str | None = None,
    ) -> None:
        self._viewed, self._kinds = viewer.layers, kinds
        self._nothing = [] if nothing is None else [(nothing, None)]
        self._excluded: Layer | None = None
        self.layers: list[Any] = []  # in the viewer's order, as the box does not keep it
        super().__init__(label=label, choices=(), nullable=False, tooltip=tooltip)
        for event in self._list_events():
            event.connect(self.reset_choices)
        self.reset_choices()
        if nothing is None and viewer.layers.selection.active in self.layers:
            self.value = viewer.layers.selection.active

    def exclude(self, layer: Layer | None) -> None:
        """Offer all but one, such as that which is corrected."""
        self._excluded = layer
        self.reset_choices()

    def forget_viewer(self) -> None:
        """Stop following the viewer, before the box is gone."""
        for event in self._list_events():
            event.disconnect(self.reset_choices)
        self._follow([])

    def _list_events(self) -> list[Any]:
        events = self._viewed.events
        return [events.inserted, events.removed, events.reordered]

    def _is_offered(self, layer: Layer) -> bool:
        is_chosen_kind = isinstance(layer, self._kinds) and not is_preview(layer)
        return is_chosen_kind and layer is not self._excluded

    def reset_choices(self, *_: object) -> None:
        """Offer the layers that there are now; the chosen one stays chosen."""
        held = self.value
        self._follow([layer for layer in self._viewed if self._is_offered(layer)])
        with self.changed.blocked():
            self.choices = [*self._nothing, *((layer.name, layer) for layer in self.layers)]
            if held in self.layers:
                self.value = held
            elif self._nothing:
                self.value = None
        if self.value is not held:
            self.changed.emit(self.value)
        self.altered.emit()

    def _follow(self, layers: list[Any]) -> None:
        for layer in self.layers:
            layer.events.disconnect(self._on_event)
        for layer in layers:
            layer.events.connect(self._on_event)
        self.layers = layers

    def _on_event(self, event: Any) -> None:
        if event.type == "name":
            self.reset_choices()
        elif event.type == "data" or event.type in PLACING:
            self.altered.emit()


def make_region_box(viewer: ViewerModel, tooltip: str) -> LayerBox:
    """Make the box of the layers that may limit something to a region of interest."""
    return LayerBox(viewer, (Labels, Shapes), "Only inside", tooltip, EVERYWHERE)
