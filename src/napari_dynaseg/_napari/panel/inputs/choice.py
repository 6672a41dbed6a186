"""The boxes that choose layers and levels, and hold them whatever their names become."""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from magicgui.widgets import ComboBox, PushButton
from napari.components import ViewerModel
from napari.layers import Image
from psygnal import Signal
from qtpy.QtWidgets import QMenu, QSizePolicy

from napari_dynaseg._napari.layers.reading import PLACING
from napari_dynaseg.counting import write_count


class ImageChoice(ComboBox):
    """A box of the viewer's image layers; the chosen one is held by identity.

    magicgui's own box of layers matches by name, and so jumps when the chosen one is renamed.

    Parameters
    ----------
    viewer
        Whose layers to offer.
    """

    altered = Signal()  # other layers are offered, or one has another name, data or place

    def __init__(self, viewer: ViewerModel) -> None:
        self._layers = viewer.layers
        self.images: list[Image] = []  # in the viewer's order, as the box does not keep it
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
        self._follow([])

    def _list_events(self) -> list[Any]:
        events = self._layers.events
        return [events.inserted, events.removed, events.reordered]

    def reset_choices(self, *_: object) -> None:
        """Offer the image layers that there are now; the chosen one stays chosen."""
        held = self.value
        images = [layer for layer in self._layers if isinstance(layer, Image)]
        self._follow(images)
        with self.changed.blocked():
            self.choices = [(layer.name, layer) for layer in images]
            if held in images:
                self.value = held
        if self.value is not held:
            self.changed.emit(self.value)
        self.altered.emit()

    def _follow(self, images: list[Image]) -> None:
        for layer in self.images:
            layer.events.name.disconnect(self.reset_choices)
            for name in ("data", *PLACING):
                layer.events[name].disconnect(self._tell_altered)
        for layer in images:
            layer.events.name.connect(self.reset_choices)
            for name in ("data", *PLACING):
                layer.events[name].connect(self._tell_altered)
        self.images = images

    def _tell_altered(self, _event: object) -> None:
        self.altered.emit()


class ChannelChoice(PushButton):
    """A button whose menu picks further layers as channels beside the chosen image.

    Parameters
    ----------
    image
        The box that chooses the image; what is picked beside it is kept for each image.
    """

    picked = Signal()

    def __init__(self, image: ImageChoice) -> None:
        super().__init__(
            text="+ channels",
            tooltip="Further layers of one channel each, to segment as channels of one image",
        )
        self._image = image
        # Whatever the viewer drops is forgotten by itself.
        self._picked: WeakKeyDictionary[Image, WeakSet[Image]] = WeakKeyDictionary()
        self.menu = StayingMenu(self.native)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.native.setMenu(self.menu)
        self.native.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.native.setStyleSheet("QPushButton { padding-right: 16px; }")  # room for the arrow

    @property
    def layers(self) -> tuple[Image, ...]:
        """All layers that are channels, in the viewer's order; empty for an image alone."""
        chosen = self._image.value
        used = {chosen, *self._picked.get(chosen, ())} if chosen is not None else set()
        layers = tuple(layer for layer in self._image.images if layer in used)
        return layers if len(layers) > 1 else ()

    def _list_others(self) -> list[Image]:
        return [layer for layer in self._image.images if layer is not self._image.value]

    def show_state(self) -> None:
        """Say how many layers are picked; without other layers there is nothing to say."""
        further = len(self.layers) - 1
        self.text = f"+ {write_count(further, 'channel')}" if further > 0 else "+ channels"
        self.visible = bool(self._list_others())

    def _fill_menu(self) -> None:
        self.menu.clear()
        layers = self.layers
        for layer in self._list_others():
            action = self.menu.addAction(layer.name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(layer in layers)
            action.toggled.connect(lambda is_on, layer=layer: self._pick(layer, is_on))

    def _pick(self, layer: Image, is_on: bool) -> None:
        picked = self._picked.setdefault(self._image.value, WeakSet())
        (picked.add if is_on else picked.discard)(layer)
        self.picked.emit()


class StayingMenu(QMenu):
    """A menu that stays open while things are ticked in it."""

    def mouseReleaseEvent(self, event: Any) -> None:  # noqa: N802
        """Tick what was clicked; a click beside everything closes the menu, as ever."""
        action = self.actionAt(event.position().toPoint())
        if action is None:
            super().mouseReleaseEvent(event)
        else:
            action.trigger()


class LevelChoice(ComboBox):
    """A box of the levels of a multiscale image, out of sight for others."""

    def __init__(self) -> None:
        self._shapes: tuple[tuple[int, int], ...] = ()
        super().__init__(
            label="Level",
            choices=lambda _box: [
                (f"{level}: {rows}×{columns}", level)
                for level, (rows, columns) in enumerate(self._shapes)
            ],
            nullable=False,
            tooltip="The resolution to segment; a level of a quarter of the pixels takes a "
            "quarter of the time. The labels lie at the right place in any case.",
        )

    def show_levels(self, shapes: Sequence[tuple[int, int]], level: int) -> None:
        """Offer levels by the rows and columns of their planes, one of them chosen."""
        with self.changed.blocked():
            if tuple(shapes) != self._shapes:
                self._shapes = tuple(shapes)
                self.reset_choices()
            if self._shapes and self.value != level:
                self.value = level
        self.visible = len(shapes) > 1
