"""What the panel shows of a run: how far it is, its numbers in words, its curves."""

import time
from typing import Any

from magicgui.widgets import ProgressBar

from napari_dynaseg._napari.panel.curves import Curves
from napari_dynaseg._napari.panel.parts.rows import make_line
from napari_dynaseg._napari.work.preloading import is_preloading
from napari_dynaseg._napari.work.viewer_run import ViewerRun
from napari_dynaseg._napari.work.worker import PlaneDone, Progress, Steps
from napari_dynaseg.counting import write_count
from napari_dynaseg.method.subsampling import limit_iterations
from napari_dynaseg.settings import Settings

PRELOADING = (
    "Starting … the engine is still being loaded; the first time that takes some ten seconds."
)


class ProgressDisplay:
    """A bar, a line of text and the curves.

    Parameters
    ----------
    theme
        The viewer's, for the curves.
    """

    def __init__(self, theme: str) -> None:
        self.bar = ProgressBar(min=0, max=1, value=0, tooltip="Iterations or planes done")
        self.status = make_line()
        self.curves = Curves(theme)
        self._started, self._is_taught = 0.0, False
        self._planes: PlaneDone | None = None
        self._before_aside: str | None = None
        self._first = 0, 0.0  # planes done when the first was shown, and when that was

    def show_start(self, settings: Settings, is_taught: bool = False) -> None:
        """Show that a run begins; as to what it may be taught by see `limit_iterations`."""
        self._started, self._planes, self._is_taught = time.monotonic(), None, is_taught
        self.bar.max, self.bar.value = limit_iterations(settings, is_taught), 0
        self.status.setText(PRELOADING if is_preloading() else "Starting …")

    def show_turn(self, settings: Settings) -> None:
        """Show how long a run may last by settings that were sent to it."""
        if self._planes is None:
            most = int(self.bar.value) + limit_iterations(settings, self._is_taught)
            self.bar.max = min(settings.iterations, most)

    def show(self, news: Progress | PlaneDone | Steps | int) -> None:
        """Show how far a run is: by an iteration, of which maybe only the number is known."""
        match news:
            case PlaneDone():
                self._show_plane(news)
            case Steps():
                self._show_steps(news)
            case int():
                self._show_iteration(news)
            case _:
                self._show_update(news)

    def _show_update(self, update: Progress) -> None:
        now, elapsed = update.now, self._elapsed
        most = max(int(self.bar.max), now.iteration)
        left = elapsed / now.iteration * (most - now.iteration)
        self._show_progress(now.iteration)
        self.status.setText(
            f"iteration {now.iteration} of {most} · q' = {now.labels_in_use} · "
            f"w = {now.weight:.3g} · {write_seconds(elapsed)}, "
            f"at most {write_seconds(left)} left"
        )
        self.curves.add_update(update)

    def _show_iteration(self, iteration: int) -> None:
        self._show_progress(iteration)
        self.status.setText(f"iteration {iteration} of {int(self.bar.max)}")

    def _show_steps(self, steps: Steps) -> None:
        done, total = steps
        if int(self.bar.max) != total:
            self.bar.value, self.bar.max = 0, total
        self._show_progress(done)
        self.status.setText(f"step {done} of {total} · {write_seconds(self._elapsed)}")

    def show_words(self, words: str) -> None:
        """Show what a run came to, in words."""
        self.bar.value = self.bar.max
        self.status.setText(words)

    def show_aside(self, words: str) -> None:
        """Show other words for a while; none brings back those from before."""
        if self._before_aside is None:
            self._before_aside = self.status.text()
        self.status.setText(words or self._before_aside)
        if not words:
            self._before_aside = None

    def _show_plane(self, plane: PlaneDone) -> None:
        """Show a plane of a stack; how long the rest will take is known from the second on."""
        if self._planes is None:
            self.bar.max = plane.total
            self._first = plane.done, self._elapsed
        self._planes = plane
        self._show_progress(plane.done)
        done, started = self._first
        text = f"{_write_planes(plane)} · {write_seconds(self._elapsed)}"
        if plane.done > done:
            pace = (self._elapsed - started) / (plane.done - done)
            text += f", about {write_seconds(pace * (plane.total - plane.done))} left"
        self.status.setText(text)

    def show_end(self, run: ViewerRun) -> None:
        """Show what a run came to."""
        duration = write_seconds(self._elapsed)
        if words := run.describe_end(duration):
            self.show_words(words)
        elif self._planes:
            self.status.setText(f"{_write_planes(self._planes)} in {duration}")
        else:
            self.show_idle()

    def show_idle(self) -> None:
        """Show that there was no run."""
        self.bar.value = 0
        self.status.setText("Press Segment to begin.")

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def _show_progress(self, done: int) -> None:
        # Qt's bar repaints the whole window before it returns, unless updates are off.
        bar: Any = self.bar.native
        bar.setUpdatesEnabled(False)
        # The training goes on while a knob is turned, and may get further than could be foreseen.
        self.bar.max = max(int(self.bar.max), done)
        self.bar.value = done
        bar.setUpdatesEnabled(True)


def _write_planes(plane: PlaneDone) -> str:
    return f"{plane.done} of {write_count(plane.total, 'plane')}"


def write_seconds(seconds: float) -> str:
    """Write a duration, such as 75, as ``1 min 15 s``, which no line breaks apart."""
    minutes, rest = divmod(round(seconds), 60)
    text = f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
    return text.replace(" ", "\N{NO-BREAK SPACE}")
