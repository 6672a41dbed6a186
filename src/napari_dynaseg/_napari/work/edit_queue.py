"""Edits worked out one after another off the main thread, each written as one step of history."""

from functools import partial

from psygnal import Signal

from napari_dynaseg._napari.layers.classes import read_classes
from napari_dynaseg._napari.layers.edit_targets import Target
from napari_dynaseg._napari.layers.session import Session
from napari_dynaseg._napari.layers.tools import Choice, Outcome, Tool, apply_tool
from napari_dynaseg._napari.work.confirmation import Confirmation
from napari_dynaseg._napari.work.notifications import show_errors
from napari_dynaseg._napari.work.task import Task, call_once
from napari_dynaseg._napari.work.task_queue import TaskQueue
from napari_dynaseg.counting import write_count


class EditQueue:
    """Takes edits in the order in which they were asked for; lives on the main thread.

    Parameters
    ----------
    session
        Writes them.
    """

    told = Signal(str)  # what became of an edit, in a sentence
    written = Signal()

    def __init__(self, session: Session) -> None:
        self._session = session
        self.tasks = TaskQueue()
        self.confirmation = Confirmation()

    def submit(self, tool: Tool, target: Target, choice: Choice, value: int) -> None:
        """Take an edit; one that waits to be confirmed is dropped."""
        self.confirmation.drop()
        self.tasks.submit(partial(self._make_task, tool, target, choice, value))

    def forget(self) -> None:
        """Drop what is not written yet."""
        self.confirmation.drop()
        self.tasks.leave()

    def _make_task(self, tool: Tool, target: Target, choice: Choice, value: int) -> Task:
        self.told.emit(f"{tool.title} …")
        used = tuple(read_classes(target.layer))
        return Task(
            call_once(apply_tool, tool, target, choice, value, used),
            "not enough memory for this; correct the stack plane by plane",
            on_result=self._on_result,
            on_failure=lambda: self.told.emit(""),
        )

    def _on_result(self, result: Outcome) -> None:
        if not result.change.pixels:
            locked = result.change.target.locked
            self.told.emit(
                f"{result.tool.title}: nothing to change" + " (some are locked)" * bool(locked)
            )
        elif not self.confirmation.submit(result.change, partial(self._write, result)):
            self.told.emit(
                f"{result.tool.title} would change {write_count(result.change.pixels, 'pixel')}."
            )

    @show_errors()
    def _write(self, outcome: Outcome) -> None:
        self.told.emit("")
        self._session.write_tool(outcome)
        self.written.emit()
        pixels = write_count(outcome.change.pixels, "pixel")
        self.told.emit(f"{outcome.tool.title}: {pixels}. Ctrl+Z takes it back.")
