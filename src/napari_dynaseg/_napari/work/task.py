"""A task: work in a thread of napari's, what it tells the main thread, its errors and its end."""

import atexit
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import ref

from napari.qt.threading import GeneratorWorker, create_worker
from napari.utils.notifications import show_error, show_warning

from napari_dynaseg.errors import ImageWarning, RunError, SegmentationError

Work = Generator[Any, Any, Any]

# A thread that outlives the interpreter aborts the process.
atexit.register(GeneratorWorker.await_workers)


def _ignore(*_: object) -> None:
    """Call nobody back."""


class Task:
    """Work behind the panel; lives on the main thread, where all of its callbacks are called.

    It keeps itself and whoever is called back alive until its thread has ended, and no longer.

    Parameters
    ----------
    work
        What the thread goes through.
    too_little_memory
        What the user is told where the memory does not suffice.
    on_news
        Called with all that the work yields, until the end.
    on_result
        Called with what the work returns, if it comes to that before the end.
    on_failure
        Called where the work broke off for a reason that the user has been told.
    on_end
        Called once: when the work is done, broken off or stopped.
    on_release
        Called last, when the thread has ended.
    """

    def __init__(
        self,
        work: Work,
        too_little_memory: str = "not enough memory",
        *,
        on_news: Callable[[Any], object] = _ignore,
        on_result: Callable[[Any], object] = _ignore,
        on_failure: Callable[[], object] = _ignore,
        on_end: Callable[[], object] = _ignore,
        on_release: Callable[[], object] = _ignore,
    ) -> None:
        self.is_over = self._has_begun = False
        self._early: object = None
        self._on_news, self._on_result, self._on_failure = on_news, on_result, on_failure
        self._on_end, self._on_release = on_end, on_release
        self._worker: Any = create_worker(
            translate_errors, work, too_little_memory, _start_thread=False, _worker_class=_Worker
        )
        # A method would not keep this task alive, a lambda does.
        self._worker.yielded.connect(lambda news: self._take_news(news))
        self._worker.returned.connect(lambda result: self._take_result(result))
        self._worker.warned.connect(lambda warning: _show_image_warning(*warning))
        self._worker.finished.connect(lambda: self._finish())

    def start(self, on_release: Callable[[], object] | None = None) -> None:
        """Start the thread; who starts it may be called last in place of whoever made it."""
        self._on_release = on_release or self._on_release
        self._worker.start()

    def send(self, value: object) -> None:
        """Send a value into the work, which gets it where it yields next."""
        if self._has_begun:
            self._worker.send(value)
        else:  # a generator takes nothing before its first yield
            self._early = value

    def stop(self) -> None:
        """End now; the thread follows when the work yields."""
        self._worker.quit()
        self._end()

    def leave(self) -> None:
        """Stop, and call nobody back: whoever would be called is gone."""
        self._on_end = self._on_release = _ignore
        self.stop()

    def _take_news(self, news: Any) -> None:
        if not self._has_begun:
            self._has_begun = True
            self._worker.send(self._early)
        self._on_news(news)

    def _take_result(self, result: Any) -> None:
        if not isinstance(result, Failure):
            self._on_result(result)
        elif not self.is_over:
            show_error(result.sentence)
            self._on_failure()

    def _end(self) -> None:
        on_end, self._on_end = self._on_end, _ignore
        self._on_news = self._on_result = self._on_failure = _ignore
        self.is_over = True
        on_end()

    def _finish(self) -> None:
        self._end()
        on_release, self._on_release = self._on_release, _ignore
        on_release()


@dataclass(frozen=True)
class Failure:
    """Why work broke off, in one sentence for the user."""

    sentence: str


def translate_errors(work: Work, too_little_memory: str) -> Work:
    """Go through work, and let every error out as one of ours.

    A generator worker that raises a RuntimeError never reports that it ended, and torch's
    errors are RuntimeErrors.

    Returns
    -------
    Failure
        Where the work has an end that the user can do something about; else what it returns.

    Raises
    ------
    RunError
        On anything unforeseen.
    """
    try:
        return (yield from work)
    except SegmentationError as error:
        return Failure(str(error))
    except MemoryError:
        return Failure(too_little_memory)
    except Exception as error:
        from napari_dynaseg.engine.devices import is_out_of_memory

        if is_out_of_memory(error):
            return Failure(too_little_memory)
        raise RunError(f"the work broke off: {error}") from error


def call_once(function: Callable[..., Any], *arguments: Any) -> Work:
    """Make work of a function, which cannot be stopped once it has begun."""
    yield
    return function(*arguments)


def _show_image_warning(message: Warning, category: type[Warning], *_where: object) -> None:
    """Show what a worker warns of, if it is about the image."""
    if issubclass(category, ImageWarning):
        show_warning(str(message))


class _Worker(GeneratorWorker):
    """napari's worker, which leaves nothing behind.

    napari keeps `quit` of every worker for as long as its window lives, and lets a generator that
    was stopped wait where it is, with its threads.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.quit = partial(_quit, ref(self))

    def work(self) -> Any:
        """Go through the generator, and close it."""
        try:
            return super().work()
        finally:
            self._gen.close()


def _quit(worker: "ref[_Worker]") -> None:
    if (alive := worker()) is not None:
        GeneratorWorker.quit(alive)
