"""The box that chooses a layer to keep the correction tools, or a run, within."""

from typing import Any

from magicgui.widgets import ComboBox
from napari.components import ViewerModel
from napari.layers import Labels, Layer, Shapes

from napari_dynaseg._napari.panel.preview import is_preview

WHOLE = "Everywhere"


class WithinChoice(ComboBox):
    """A box of the viewer's Shapes and Labels layers; the chosen one is held by identity.

    Parameters
    ----------
    viewer
        Whose layers to offer.
    tooltip
        What is kept within, or what the layer is for.
    label, nothing, kinds
        Of a box with another purpose: what it is called, what stands for no layer, and which
        layers it offers.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        tooltip: str,
        label: str = "Within",
        nothing: str = WHOLE,
        kinds: tuple[type[Layer], ...] = (Labels, Shapes),
    ) -> None:
        self._layers, self._nothing, self._kinds = viewer.layers, nothing, kinds
        self._named: list[Layer] = []
        self._excluded: Layer | None = None
        super().__init__(label=label, choices=[(nothing, None)], nullable=False, tooltip=tooltip)
        for event in self._list_events():
            event.connect(self.offer)
        self.offer()

    def exclude(self, layer: Layer | None) -> None:
        """Offer all but the layer that is corrected."""
        self._excluded = layer
        self.offer()

    def forget_viewer(self) -> None:
        """Stop following the viewer."""
        for event in self._list_events():
            event.disconnect(self.offer)
        self._follow_names([])

    def _list_events(self) -> list[Any]:
        events = self._layers.events
        return [events.inserted, events.removed, events.reordered]

    def offer(self, _event: object = None) -> None:
        """Offer the layers that there are now; the chosen one stays chosen."""
        held = self.value
        layers = [
            layer
            for layer in self._layers
            if isinstance(layer, self._kinds)
            and layer is not self._excluded
            and not is_preview(layer)
        ]
        self._follow_names(layers)
        with self.changed.blocked():
            self.choices = [(self._nothing, None), *((layer.name, layer) for layer in layers)]
            self.value = held if held in layers else None

    def reset_choices(self, *_: object) -> None:
        """Offer the layers, as napari asks of every box in a dock when layers come and go."""
        self.offer()

    def _follow_names(self, layers: list[Layer]) -> None:
        for layer in self._named:
            layer.events.name.disconnect(self.offer)
        for layer in layers:
            layer.events.name.connect(self.offer)
        self._named = layers
