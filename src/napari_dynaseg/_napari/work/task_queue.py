"""Tasks one after another."""

from collections import deque
from collections.abc import Callable

from napari_dynaseg._napari.work.task import Task


class TaskQueue:
    """Makes and starts each task when the one before it has ended; lives on the main thread."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], Task]] = deque()
        self.task: Task | None = None

    def submit(self, make_task: Callable[[], Task]) -> None:
        """Take a task, which begins when all before it have ended."""
        self._waiting.append(make_task)
        self._begin_next()

    def clear(self) -> None:
        """Drop what has not begun."""
        self._waiting.clear()

    def leave(self) -> None:
        """Drop what has not begun, and call nobody back for what has."""
        self.clear()
        if self.task is not None:
            self.task.leave()

    def _begin_next(self) -> None:
        if self.task is None and self._waiting:
            self.task = self._waiting.popleft()()
            self.task.start(self._on_release)

    def _on_release(self) -> None:
        self.task = None
        self._begin_next()
