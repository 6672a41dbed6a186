"""What is chosen of an image beside its layer: further channels, and a level."""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from magicgui.widgets import ComboBox, PushButton
from napari.layers import Image
from psygnal import Signal
from qtpy.QtWidgets import QMenu, QSizePolicy

from napari_dynaseg._napari.panel.inputs.layer_box import LayerBox
from napari_dynaseg.counting import write_count


class ChannelChoice(PushButton):
    """A button whose menu picks further layers as channels beside the chosen image.

    Parameters
    ----------
    image
        The box that chooses the image; what is picked beside it is kept for each image.
    """

    picked = Signal()

    def __init__(self, image: LayerBox) -> None:
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
        layers = tuple(layer for layer in self._image.layers if layer in used)
        return layers if len(layers) > 1 else ()

    def _list_others(self) -> list[Image]:
        return [layer for layer in self._image.layers if layer is not self._image.value]

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
