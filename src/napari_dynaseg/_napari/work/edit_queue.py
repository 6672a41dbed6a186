"""Edits worked out one after another off the main thread, each written as one step of history."""

from collections import deque
from typing import NamedTuple

from psygnal import Signal

from napari_dynaseg._napari.layers.classes import read_classes
from napari_dynaseg._napari.layers.edit_targets import Target
from napari_dynaseg._napari.layers.session import Session
from napari_dynaseg._napari.layers.tools import Choice, Outcome, Tool, apply_tool
from napari_dynaseg._napari.work.notifications import show_errors
from napari_dynaseg._napari.work.task import Task, call_once
from napari_dynaseg.counting import write_count

# A step whose undo takes more than this is asked about.
MOST_UNDO_BYTES = 200e6


class Request(NamedTuple):
    """What the user asked for."""

    tool: Tool
    target: Target
    choice: Choice
    value: int


class EditQueue:
    """Takes edits in the order in which they were asked for; lives on the main thread.

    Parameters
    ----------
    session
        Writes them.
    """

    told = Signal(str)  # what became of an edit, in a sentence
    written = Signal()
    asked = Signal(str)  # what the undo of an edit that waits would take; empty if none waits

    def __init__(self, session: Session) -> None:
        self._session = session
        self._requests: deque[Request] = deque()
        self._task: Task | None = None
        self._unconfirmed: Outcome | None = None

    @property
    def is_busy(self) -> bool:
        """Whether an edit is being worked out."""
        return self._task is not None

    def submit(self, request: Request) -> None:
        """Take an edit; one that waits to be confirmed is dropped."""
        self._drop_unconfirmed()
        self._requests.append(request)
        self._begin_next()

    def confirm(self) -> None:
        """Write the edit that waits to be confirmed."""
        outcome, self._unconfirmed = self._unconfirmed, None
        self.asked.emit("")
        if outcome is not None:
            self._write(outcome)

    def forget(self) -> None:
        """Drop what is not written yet."""
        self._requests.clear()
        self._drop_unconfirmed()
        if self._task is not None:
            self._task.leave()

    def forget_layer(self, layer: object) -> None:
        """Let go of a layer that the viewer has dropped."""
        if self._unconfirmed is not None and self._unconfirmed.change.target.layer is layer:
            self._drop_unconfirmed()

    def _drop_unconfirmed(self) -> None:
        self._unconfirmed = None
        self.asked.emit("")

    def _begin_next(self) -> None:
        if self._task is not None or not self._requests:
            return
        request = self._requests.popleft()
        self.told.emit(f"{request.tool.title} …")
        used = tuple(read_classes(request.target.layer))
        self._task = Task(
            call_once(
                apply_tool, request.tool, request.target, request.choice, request.value, used
            ),
            "not enough memory for this; correct the stack plane by plane",
            on_result=self._on_result,
            on_failure=lambda: self.told.emit(""),
            on_release=self._on_release,
        )
        self._task.start()

    def _on_release(self) -> None:
        self._task = None
        self._begin_next()

    def _on_result(self, result: Outcome) -> None:
        if not result.change.pixels:
            locked = result.change.target.locked
            self.told.emit(
                f"{result.tool.title}: nothing to change" + " (some are locked)" * bool(locked)
            )
        elif result.change.undo_bytes > MOST_UNDO_BYTES:
            self._unconfirmed = result
            size = write_bytes(result.change.undo_bytes)
            self.told.emit(
                f"{result.tool.title} would change {write_count(result.change.pixels, 'pixel')}."
            )
            self.asked.emit(f"Really? Its undo would take {size}")
        else:
            self._write(result)

    @show_errors()
    def _write(self, outcome: Outcome) -> None:
        self.told.emit("")
        self._session.write_tool(outcome)
        self.written.emit()
        pixels = write_count(outcome.change.pixels, "pixel")
        self.told.emit(f"{outcome.tool.title}: {pixels}. Ctrl+Z takes it back.")


def write_bytes(count: float) -> str:
    """Write an amount of memory, such as 1.2e9, as ``1.2 GB``."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
