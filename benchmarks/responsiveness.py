"""How alive the viewer stays while a network trains in it: event-loop gaps, worker speed, Stop."""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.processes import answer, run_apart
from napari_dynaseg._napari.display import find_virtual_display, has_display
from napari_dynaseg.errors import RunError
from napari_dynaseg.image.pixels import to_plane
from napari_dynaseg.image.synthetic import draw_image
from napari_dynaseg.settings import Quality, Settings

TICK_MILLISECONDS = 5
ROUNDS = 5
TIME_LIMIT = 1800


def measure_in_viewer(size: int, iterations: int, quality: Quality) -> dict[str, float]:
    """Measure in a fresh process, on a virtual display where there is no real one.

    Parameters
    ----------
    size
        Side of the square plane, pixels.
    iterations
        Iterations of each run; in fast quality it may end earlier.
    quality
        Of the runs.

    Returns
    -------
    dict
        Seconds, milliseconds and ratios by name.

    Raises
    ------
    RunError
        If no viewer can be shown here.
    """
    request = {"size": size, "iterations": iterations, "quality": quality}
    display = [] if has_display() else find_virtual_display()
    return run_apart(__name__, request, "no viewer could be measured here", display)


class GapMeter:
    """Notes how long Qt's event loop leaves a fast timer waiting."""

    def __init__(self) -> None:
        from qtpy.QtCore import Qt, QTimer

        self.gaps: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Begin to measure."""
        self._last = time.perf_counter()
        self._timer.start(TICK_MILLISECONDS)

    def stop(self) -> list[float]:
        """End, and give the gaps in milliseconds."""
        self._timer.stop()
        gaps, self.gaps = self.gaps, []
        return gaps

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gaps.append(1000 * (now - self._last))
        self._last = now


def measure(size: int, settings: Settings) -> dict[str, float]:
    """Measure in this process, which must have a display."""
    import napari

    started = time.perf_counter()
    viewer = napari.Viewer()
    image = draw_image(size, size, 1)
    viewer.add_image(image, name="cells")
    figures: dict[str, Any] = {"viewer_open_s": time.perf_counter() - started}
    figures |= _measure_opening(viewer)
    panel = figures.pop("panel")
    panel.show_settings(settings)
    runs, gaps = [], []
    meter = GapMeter()
    _run_directly(image, settings.change(iterations=5))
    for _ in range(ROUNDS):
        direct = _run_directly(image, settings)
        click, first, end = _run_in_panel(panel)
        runs.append((click, first, end, (end - click) / direct))
        # In a run of its own: its timer wakes a core two hundred times a second.
        _run_in_panel(panel, meter)
        gaps += meter.stop()
        del viewer.layers[1:]
    click, first, end, ratio = np.median(runs, axis=0).tolist()
    figures |= {
        "segment_click_s": click,
        "segment_first_click_s": runs[0][0],
        "segment_to_first_update_s": first,
        "segment_to_final_labels_s": end,
        "worker_to_direct_ratio": ratio,
        "worker_to_direct_ratio_highest": max(ratio for *_, ratio in runs),
        "gap_median_ms": float(np.median(gaps)),
        "gap_99th_percentile_ms": float(np.percentile(gaps, 99)),
        "gap_longest_ms": max(gaps),
    }
    figures |= _measure_stop(panel, settings.change(iterations=100_000))
    viewer.close()
    return figures


def wait(condition: Callable[[], Any], poll_milliseconds: int = 100) -> None:
    """Let Qt's event loop run, as it does for a user, until a condition holds."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop, poll = QEventLoop(), QTimer()
    deadline = time.perf_counter() + TIME_LIMIT
    poll.timeout.connect(
        lambda: loop.quit() if condition() or time.perf_counter() > deadline else None
    )
    poll.start(poll_milliseconds)
    loop.exec()
    if not condition():
        raise RunError(f"nothing happened within {TIME_LIMIT} s")


def _measure_opening(viewer: Any) -> dict[str, Any]:
    """Open the panel, and watch the event loop while torch loads behind it."""
    meter = GapMeter()
    _wait_for_quiet()
    started = time.perf_counter()
    _, panel = viewer.window.add_plugin_dock_widget("napari-dynaseg", "Dynamic-weight segmenter")
    opened = time.perf_counter() - started
    meter.start()
    wait(
        lambda: (
            "napari_dynaseg.method.run" in sys.modules and hasattr(sys.modules["torch"], "optim")
        )
    )
    _wait_for_quiet()
    gaps = meter.stop()
    return {"panel": panel, "panel_open_s": opened, "torch_import_longest_gap_ms": max(gaps)}


def _wait_for_quiet() -> None:
    ready = time.perf_counter() + 1.0
    wait(lambda: time.perf_counter() > ready)


def _run_directly(image: Any, settings: Settings) -> float:
    """Segment without any viewer work, a first preview and the final labels: seconds."""
    from napari_dynaseg.method.run import iter_fit

    started = time.perf_counter()
    for step in iter_fit(to_plane(image), settings):
        if step.iteration == 1:
            _ = step.labels
        last = step
    _ = last.labels
    return time.perf_counter() - started


def _run_in_panel(panel: Any, meter: GapMeter | None = None) -> tuple[float, float, float]:
    """Segment in the panel: seconds from the click to its end, the first update, and the end."""
    ended: list[float] = []
    updated: list[float] = []
    panel.run_ended.connect(lambda: ended.append(time.perf_counter()))
    clicked = time.perf_counter()
    panel.start()
    panel.run.progressed.connect(lambda _: updated.append(time.perf_counter()))
    returned = time.perf_counter()
    if meter:
        meter.start()
    wait(lambda: ended)
    return returned - clicked, updated[0] - clicked, ended[0] - clicked


def _measure_stop(panel: Any, settings: Settings) -> dict[str, float]:
    """Stop a run in full swing: seconds until the panel, and until its thread, are idle."""
    from qtpy.QtCore import QThreadPool

    updates: list[Any] = []
    panel.show_settings(settings)
    panel.start()
    panel.run.progressed.connect(updates.append)
    wait(lambda: updates)
    started = time.perf_counter()
    panel.stop()
    panel_idle = time.perf_counter() - started
    pool: Any = QThreadPool.globalInstance()
    wait(lambda: pool.activeThreadCount() == 0, poll_milliseconds=5)
    return {
        "stop_to_panel_idle_s": panel_idle,
        "stop_to_thread_idle_s": time.perf_counter() - started,
    }


def _measure_request(request: dict[str, Any]) -> dict[str, float]:
    return measure(request.pop("size"), Settings(minimum_labels=1, **request))


if __name__ == "__main__":
    answer(_measure_request)
