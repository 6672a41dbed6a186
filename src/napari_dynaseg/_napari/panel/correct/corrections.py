"""Correct labels by hand: the tools of the panel, on buttons, keys and the mouse."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from psygnal import Signal

from napari_dynaseg._napari.layers.classes import give_class, read_classes
from napari_dynaseg._napari.layers.clicking import Clicking, World
from napari_dynaseg._napari.layers.edit_targets import (
    Target,
    find_target,
    read_locked,
    write_locked,
)
from napari_dynaseg._napari.layers.measuring import freeze_input
from napari_dynaseg._napari.layers.session import Session
from napari_dynaseg._napari.layers.tools import LOCK, NAME, TOOLS, Choice, Pixel, Tool
from napari_dynaseg._napari.panel.correct.correction_rows import (
    ALL,
    CLICKED,
    OF_KIND,
    SELECTED,
    CorrectionRows,
)
from napari_dynaseg._napari.panel.correct.layer_keys import LayerKeys, make_card
from napari_dynaseg._napari.panel.correct.stroke import Stroke, find_canvas
from napari_dynaseg._napari.panel.inputs.image_input import ImageInput
from napari_dynaseg._napari.panel.parts.collapsible import Collapsible
from napari_dynaseg._napari.panel.parts.rows import align_labels
from napari_dynaseg._napari.panel.preview import is_preview
from napari_dynaseg._napari.work.edit_queue import EditQueue
from napari_dynaseg._napari.work.kind_view import KindView
from napari_dynaseg._napari.work.label_table import LabelTable
from napari_dynaseg._napari.work.notifications import show_errors
from napari_dynaseg.errors import EditError
from napari_dynaseg.labels.components import trace_line

OUTLINES_KEY, OPACITY_KEY, FLIP_KEY = "Shift-O", "Shift-Y", "Shift-F"
FAINT, STRONG = 0.25, 0.7
NO_LAYER = "Select a Labels layer to correct it."


class Corrections:
    """The part of the panel that folds out to correct labels.

    Parameters
    ----------
    viewer
        Whose labels are corrected: those of the Labels layer that was selected last.
    images
        What is segmented, and so what is measured.
    session
        Writes what is corrected, and tells what was painted.
    kinds
        Tells the kinds of labels.
    """

    flip_asked = Signal()  # by its key

    def __init__(
        self, viewer: ViewerModel, images: ImageInput, session: Session, kinds: KindView
    ) -> None:
        self._viewer, self._images, self._session, self._kinds = viewer, images, session, kinds
        self.layer: Labels | None = None
        self.queue, self.table = EditQueue(session), LabelTable()
        self.clicking: Clicking | None = None
        self._tool: Tool | None = None  # the one that waits for clicks
        self._gathered: list[Pixel] = []
        self._gathered_on: Any = None  # the part of the layer that those are pixels of
        self._stroke: Stroke | None = None
        self._build()
        self._connect()
        self._follow_selection()

    # -- building ---------------------------------------------------------------------------

    def _build(self) -> None:
        self.rows = CorrectionRows(self._viewer)
        tooltip = "Mend the labels by hand; every step can be undone"
        self.fold = Collapsible("Correct", tooltip, self.rows.native)
        self.fold.toggled.connect(lambda: align_labels(self.rows.choices))
        every = (*TOOLS, LOCK, NAME)
        self.keys = LayerKeys(
            {tool.key: partial(self.press_key, tool) for tool in every}
            | {OUTLINES_KEY: self.switch_outlines, OPACITY_KEY: self.switch_opacity}
            | {FLIP_KEY: self.flip_asked.emit}
        )
        lines = {tool.key: f"{tool.title}: {tool.tip}" for tool in every}
        lines |= {OUTLINES_KEY: "Outlines alone, or filled", OPACITY_KEY: "Faint, or strong"}
        lines[FLIP_KEY] = "Flip between before and after the last change"
        lines |= {"Ctrl-Z": "Undo", "Escape": "No more clicks"}
        self.card = make_card(self.rows.native, lines)

    def _connect(self) -> None:
        self._viewer.layers.selection.events.active.connect(self._follow_selection)
        self._viewer.layers.events.removed.connect(self._on_removed)
        self.rows.pressed.connect(self.press)
        self.rows.confirm_button.changed.connect(self.queue.confirmation.confirm)
        self.rows.measure_button.changed.connect(self.measure)
        self.rows.save_button.changed.connect(self._save_table)
        self.rows.kind_button.changed.connect(self.choose_kind, max_args=0)
        self.queue.written.connect(self._kinds.refresh)
        self.rows.keys_button.changed.connect(self._show_card)
        self.queue.told.connect(self.rows.tell)
        self.table.told.connect(self.rows.tell)
        self.queue.confirmation.asked.connect(self._show_question)

    def close(self) -> None:
        """Let go of the viewer; what is being worked out is dropped."""
        self.stop_clicks()
        self.queue.forget()
        self.table.close()
        self.keys.move_to(None)
        self._viewer.layers.selection.events.active.disconnect(self._follow_selection)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self.rows.region_of_interest.forget_viewer()

    # -- the layer --------------------------------------------------------------------------

    def _follow_selection(self, _event: object = None) -> None:
        """Correct the Labels layer that is selected, or was last, as when shapes are drawn."""
        active = self._viewer.layers.selection.active
        if is_preview(active):
            return
        layer = active if isinstance(active, Labels) else self.layer
        if layer is not None and layer not in self._viewer.layers:
            layer = None
        if self.clicking is not None and not self.clicking.layer is layer is active:
            self.stop_clicks()
        if layer is self.layer and layer is not None:
            return
        self.layer = layer
        self.keys.move_to(layer)
        self.rows.region_of_interest.exclude(layer)
        self.rows.planes.visible = layer is not None and layer.ndim > 2
        self.rows.tell(NO_LAYER if layer is None else f"Correcting {layer.name!r}")

    def _on_removed(self, event: Any) -> None:
        self.queue.confirmation.forget_layer(event.value)
        self._session.forget(event.value)
        self._follow_selection()

    def _require_layer(self) -> Labels:
        if self.layer is None:
            raise EditError(NO_LAYER)
        return self.layer

    def _find_target(self, tool: Tool) -> Target:
        layer = self._require_layer()
        is_everywhere = tool.on == "all"
        if is_everywhere and self.rows.keep_paint.value:
            raise EditError(f"{tool.title} would change what you painted, which is locked")
        return find_target(
            layer,
            self._viewer.dims,
            "All planes" if is_everywhere else self.rows.planes.value,
            None if is_everywhere else self.rows.region_of_interest.value,
            self._session.find_painted if self.rows.keep_paint.value else None,
        )

    # -- tools ------------------------------------------------------------------------------

    @show_errors()
    def press(self, tool: Tool) -> None:
        """Use a tool as its button does; what stands in the way is shown as a notification."""
        waiting = self._tool
        if waiting is tool and tool.gathers and self._gathered:
            self._finish_gathering()
            return
        self.stop_clicks()
        if waiting is tool:
            return
        on = self.rows.on.value
        if (tool.on == "clicks" and on != OF_KIND) or (tool.on == "choice" and on == CLICKED):
            self._begin_clicks(tool)
        else:
            self._use(tool, self._find_target(tool), self._read_choice(tool))

    @show_errors()
    def press_key(self, tool: Tool) -> None:
        """Use a tool as its key does: where regions are clicked, on that under the mouse."""
        on = self.rows.on.value
        is_for_kind = on == OF_KIND and tool.on != "all"
        is_on_mouse = tool.on == "choice" and on == CLICKED and not tool.gathers
        if not (is_on_mouse or is_for_kind):
            self.press(tool)
            return
        target = self._find_target(tool)
        pixels = self._find_pixels(target, [self._viewer.cursor.position])
        chosen = Choice(points=pixels)
        if is_for_kind:
            chosen = Choice(numbers=self._list_kind(target.read_pixels(pixels)[0]))
        self._use(tool, target, chosen)

    @show_errors()
    def choose_kind(self) -> None:
        """Let the tools work on all labels of the selected label's kind."""
        numbers = self._list_kind(int(self._require_layer().selected_label))
        self.rows.on.value = OF_KIND
        kind = self._kinds.find()[numbers[0]]
        self.rows.tell(f"Kind {kind}, that of label {numbers[0]}: {_write_numbers(numbers)}")

    def _list_kind(self, label: int) -> tuple[int, ...]:
        """List the labels on view that are of one kind with a label, that one first."""
        kinds = self._kinds.find()
        if label not in kinds:
            raise EditError(f"label {label} is not on this plane; pick one that is, then its kind")
        others = (other for other, kind in kinds.items() if kind == kinds[label] and other != label)
        return (label, *others)

    def _read_choice(self, tool: Tool) -> Choice:
        on = self.rows.on.value
        if tool.on == "all" or on in (ALL, CLICKED) or self.layer is None:
            return Choice()
        if on == SELECTED:
            return Choice(numbers=(int(self.layer.selected_label),))
        if on == OF_KIND:
            return Choice(numbers=self._list_kind(int(self.layer.selected_label)))
        wanted = self.rows.class_name.value.strip()
        classes = read_classes(self.layer)
        numbers = tuple(number for number, name in classes.items() if name == wanted)
        if not numbers:
            raise EditError(f"no label has the class {wanted!r}; name some first")
        return Choice(numbers=numbers)

    def _use(self, tool: Tool, target: Target, choice: Choice) -> None:
        if tool.edit is not None:
            self.queue.submit(tool, target, choice, self.rows.read_value(tool))
        else:
            self._mark(tool, target, choice)

    def _mark(self, tool: Tool, target: Target, choice: Choice) -> None:
        """Lock or name the chosen labels."""
        numbers = self._list_labels(target, choice)
        if not numbers:
            raise EditError("there is no label here")
        if tool is LOCK:
            self._switch_locks(target.layer, numbers)
            return
        name = self.rows.class_name.value.strip()
        give_class(target.layer, numbers, name, self.rows.colour)
        self.rows.offer_classes(sorted(set(read_classes(target.layer).values())))
        self.rows.tell(f"{_write_numbers(numbers)}: {name or 'no class'}")

    @staticmethod
    def _list_labels(target: Target, choice: Choice) -> list[int]:
        if choice.numbers:
            return [number for number in choice.numbers if number != 0]
        labels = target.read_pixels(choice.points) if choice.points else target.read()
        return [number for number in np.unique(labels).tolist() if number != 0]

    def _switch_locks(self, layer: Labels, numbers: list[int]) -> None:
        """Lock labels, or unlock them if all of them are locked."""
        before, chosen = set(read_locked(layer)), set(numbers)
        locked = before - chosen if chosen <= before else before | chosen
        write_locked(layer, sorted(locked))
        self.rows.tell(f"Locked: {_write_numbers(sorted(locked)) or 'none'}")

    # -- clicks -----------------------------------------------------------------------------

    def _begin_clicks(self, tool: Tool) -> None:
        layer = self._find_target(tool).layer
        if self._viewer.layers.selection.active is not layer:
            self._viewer.layers.selection.active = layer
        self._tool = tool
        self.clicking = Clicking(layer, self._on_line, self._show_stroke, self._on_key)
        self.clicking.stopped.connect(self._on_clicks_stopped)
        self.rows.buttons[tool.name].native.setDown(True)
        self._tell_click()

    def stop_clicks(self) -> None:
        """Wait for clicks no longer."""
        if self.clicking is not None:
            self.clicking.stop()

    def _on_clicks_stopped(self) -> None:
        if self._tool is not None:
            self.rows.buttons[self._tool.name].native.setDown(False)
        self.clicking = self._tool = None
        self._gathered.clear()
        if self.layer is not None:
            self.rows.tell(f"Correcting {self.layer.name!r}")

    @show_errors()
    def _on_line(self, worlds: list[World]) -> None:
        tool = self._tool
        if tool is None:
            return
        target = self._find_target(tool)
        pixels = self._find_pixels(target, worlds)
        if target.index != self._gathered_on:
            self._gathered.clear()
        self._gathered_on = target.index
        self._take(tool, target, pixels, is_line=len(worlds) > 1)

    def _find_pixels(self, target: Target, worlds: Sequence[World]) -> tuple[Pixel, ...]:
        """Find the pixels under a line, those on label 0 left out."""
        corners = [target.find_pixel(world, self._viewer.dims) for world in worlds]
        traced = trace_line(corners, target.shape)
        labels = target.read_pixels(traced)
        pixels = tuple(at for at, label in zip(traced, labels, strict=True) if label != 0)
        if not pixels:
            raise EditError("there is no region here")
        return pixels

    def _take(self, tool: Tool, target: Target, pixels: tuple[Pixel, ...], is_line: bool) -> None:
        """Take what was clicked: use the tool on it, or gather it for later."""
        is_one_of_two = tool.on == "clicks" and not is_line
        if tool.gathers or (is_one_of_two and not self._gathered):
            self._gathered += pixels
            self._tell_click()
        else:
            first = self._gathered if is_one_of_two else ()
            self._use(tool, target, Choice(points=(*first, *pixels)))

    def _on_key(self, key: str) -> None:
        """Escape lets go of what was gathered, then of the mouse; Enter uses what was gathered."""
        if key == "Enter" and self._tool is not None and self._tool.gathers:
            self._finish_gathering()
        elif self._gathered and key == "Escape":
            self._gathered.clear()
            self._tell_click()
        elif key == "Escape":
            self.stop_clicks()

    @show_errors()
    def _finish_gathering(self) -> None:
        tool, pixels = self._tool, tuple(self._gathered)
        self.stop_clicks()
        if tool is None or not pixels:
            return
        self._use(tool, self._find_target(tool), Choice(points=pixels))

    def _tell_click(self) -> None:
        tool = self._tool
        if tool is None:
            return
        if not self._gathered:
            what = "Click regions, or draw a line across them" if tool.on != "clicks" else tool.tip
            text = f"{tool.title}: {what[0].lower()}{what[1:]}. Esc ends."
        elif tool.gathers:
            text = f"{tool.title}: {self._name_gathered()}. Enter makes them; Esc starts anew."
        else:
            text = f"Click what joins {self._name_gathered()}. Esc: another first region."
        self.rows.tell(text)

    def _name_gathered(self) -> str:
        target = self._find_target(self._tool) if self._tool else None
        labels = dict.fromkeys(target.read_pixels(self._gathered) if target else ())
        return f"label{'s' * (len(labels) > 1)} {_write_numbers(list(labels))}"

    def _show_stroke(self, points: list[tuple[int, int]]) -> None:
        if self._stroke is None and points and (canvas := find_canvas(self.rows.native)):
            self._stroke = Stroke(canvas)
        if self._stroke is not None:
            self._stroke.show_line(points)

    # -- showing ----------------------------------------------------------------------------

    def switch_outlines(self) -> None:
        """Show outlines alone, or regions filled."""
        if self.layer is not None:
            self.layer.contour = 0 if self.layer.contour else 1

    def switch_opacity(self) -> None:
        """Show the labels faint or strong."""
        if self.layer is not None:
            self.layer.opacity = STRONG if self.layer.opacity < (FAINT + STRONG) / 2 else FAINT

    def _show_question(self, question: str) -> None:
        self.rows.confirm_button.text = question
        self.rows.confirm_button.visible = bool(question)

    def _show_card(self) -> None:
        button = self.rows.keys_button.native
        place = button.mapToGlobal(button.rect().topRight())
        size = self.card.sizeHint()
        self.card.move(place.x() - size.width(), place.y() - size.height())
        self.card.show()

    # -- the table --------------------------------------------------------------------------

    @show_errors()
    def measure(self) -> None:
        """Measure the labels, and the image at them, into the table of their layer."""
        layer = self._require_layer()
        image = self._images.image.value
        images = self._images.channels.layers or ([] if image is None else [image])
        wanted = freeze_input(layer, self._viewer.dims, self.rows.planes.value, images)
        kinds = {} if self._kinds.explain() else self._kinds.find()
        chosen = None
        if self.rows.on.value == OF_KIND:
            chosen = self._list_kind(int(layer.selected_label))
        self.table.measure(layer, wanted, kinds, chosen)

    @show_errors()
    def _save_table(self) -> None:
        self.table.ask_where(self._require_layer(), self.rows.native)


def _write_numbers(numbers: Sequence[int]) -> str:
    most = 12
    shown = ", ".join(str(number) for number in numbers[:most])
    return f"{shown} and {len(numbers) - most} more" if len(numbers) > most else shown
