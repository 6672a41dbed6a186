"""The box that chooses an image layer, and holds it whatever its name becomes."""

from typing import Any

from magicgui.widgets import ComboBox
from napari.components import ViewerModel
from napari.layers import Image


class ImageChoice(ComboBox):
    """A box of the viewer's image layers; the chosen one is held by identity.

    magicgui's own box of layers matches by name, and so jumps when the chosen one is renamed.

    Parameters
    ----------
    viewer
        Whose layers to offer.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._layers = viewer.layers
        self._named: list[Image] = []
        super().__init__(
            label="Image",
            choices=(),
            nullable=False,
            tooltip="The image to segment. For a stack it is the plane on view.",
        )
        for event in self._list_events():
            event.connect(self.reset_choices)
        active = viewer.layers.selection.active
        if isinstance(active, Image):
            self.value = active

    def forget_viewer(self) -> None:
        """Stop following the viewer, before the box is gone."""
        for event in self._list_events():
            event.disconnect(self.reset_choices)
        self._follow_names([])

    def _list_events(self) -> list[Any]:
        events = self._layers.events
        return [events.inserted, events.removed, events.reordered]

    def reset_choices(self, *_: object) -> None:
        """Offer the image layers that there are now; the chosen one stays chosen."""
        held = self.value
        images = [layer for layer in self._layers if isinstance(layer, Image)]
        self._follow_names(images)
        with self.changed.blocked():
            self.choices = [(layer.name, layer) for layer in images]
            if held in images:
                self.value = held
        if self.value is not held:
            self.changed.emit(self.value)

    def _follow_names(self, images: list[Image]) -> None:
        for layer in self._named:
            layer.events.name.disconnect(self.reset_choices)
        for layer in images:
            layer.events.name.connect(self.reset_choices)
        self._named = images
