"""The line that says how the axes of an image are read; a click on a part of it changes it."""

from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from typing import Any

from psygnal import Signal
from qtpy.QtCore import QEvent, QPoint, Qt
from qtpy.QtGui import QCursor, QPalette
from qtpy.QtWidgets import QLabel, QMenu

from napari_dynaseg.image.axes import Axes

# The targets of the links, beside the numbers of the axes.
COLOURS, LAYERS, PLANE = "colours", "layers", "plane"


class AxesLine(QLabel):
    """A sentence of links, one for each part, each of which opens a menu.

    Tab moves from link to link, Enter opens the menu.
    """

    channel_chosen = Signal(object)  # the number of an axis, or None
    plane_chosen = Signal(object)  # the numbers of two axes, rows first
    layers_asked = Signal()  # the layers that are the channels are to be chosen

    def __init__(self) -> None:
        super().__init__()
        self.menu = QMenu(self)
        self._axes: Axes | None = None
        self._parts: dict[str, str] = {}
        self._problem = ""
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.linkActivated.connect(self._open_menu)

    @property
    def sentence(self) -> str:
        """The parts as plain text; empty where there are none."""
        return " · ".join(self._parts.values())

    def show_sentence(self, sentence: str) -> None:
        """Show a plain sentence, such as why there are no axes to show."""
        self._axes, self._parts, self._problem = None, {}, sentence
        self._draw()

    def show_axes(self, axes: Axes, layers: Sequence[str] = (), problem: str = "") -> None:
        """Show how the axes are read.

        Parameters
        ----------
        axes
            The reading.
        layers
            Names of the layers whose pixels are the channels, if there are several.
        problem
            What stands in the way of segmenting it, if anything.
        """
        others = [str(axis) for axis in range(len(axes.sizes)) if axis not in axes.plane]
        targets = [*others, *[COLOURS] * bool(axes.samples)]
        self._parts = dict(zip(targets, axes.describe_others(), strict=True))
        if layers:
            self._parts[LAYERS] = f"{', '.join(layers)} used as channels"
        self._parts[PLANE] = axes.describe_plane()
        self._axes, self._problem = axes, problem
        self._draw()

    def _draw(self) -> None:
        ink = self.palette().color(QPalette.ColorRole.WindowText).name()
        links = " · ".join(
            f'<a href="{target}" style="color: {ink}">{_write_part(text)}</a>'
            for target, text in self._parts.items()
        )
        text = "<br>".join(filter(None, [links, escape(self._problem, quote=False)]))
        if text != self.text():  # new text takes the keyboard's focus from its link
            self.setText(text)
            self.setToolTip("Click a part to change how the axes are read" if links else "")

    def changeEvent(self, event: Any) -> None:  # noqa: N802
        """Follow the theme: Qt gives links a colour of its own, unreadable on dark ground."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._draw()

    def find_place(self) -> QPoint:
        """Find where a menu belongs: at the mouse, or below the line if the mouse is elsewhere."""
        return QCursor.pos() if self.underMouse() else self.mapToGlobal(self.rect().bottomLeft())

    def _open_menu(self, target: str) -> None:
        if target == LAYERS:
            self.layers_asked.emit()
        elif self._axes is not None:
            self.menu.clear()
            if target == COLOURS:
                self._offer("Use the colours as channels", is_current=True)
            elif target == PLANE:
                self._offer_planes(self._axes)
            else:
                self._offer_uses(self._axes, int(target))
            self.menu.popup(self.find_place())

    def _offer_planes(self, axes: Axes) -> None:
        for plane in axes.list_planes():
            self._offer(
                f"Segment {axes.name_plane(plane)}",
                partial(self.plane_chosen.emit, plane),
                is_current=plane == axes.plane,
            )

    def _offer_uses(self, axes: Axes, axis: int) -> None:
        is_channel = axis == axes.channel
        self._offer(
            "Use as channels",
            partial(self.channel_chosen.emit, axis),
            is_current=is_channel,
            is_possible=not {COLOURS, LAYERS} & self._parts.keys(),
        )
        self._offer(
            "Step through, plane by plane",
            partial(self.channel_chosen.emit, None if is_channel else axes.channel),
            is_current=not is_channel,
        )

    def _offer(
        self,
        text: str,
        choose: Callable[[], object] = lambda: None,
        is_current: bool = False,
        is_possible: bool = True,
    ) -> None:
        action: Any = self.menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(is_current)
        action.setEnabled(is_possible or is_current)
        action.triggered.connect(lambda: choose())


def _write_part(text: str) -> str:
    """Write a part so that a line breaks inside it only after the name of a layer."""
    words = escape(text, quote=False).replace(" ", "\N{NO-BREAK SPACE}")
    return words.replace(",\N{NO-BREAK SPACE}", ", ")
