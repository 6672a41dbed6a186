"""How soon the slider of the detail shows: from the mouse's move to new pixels on the canvas."""

import time
from typing import Any

import numpy as np

from benchmarks.processes import answer, run_apart
from benchmarks.responsiveness import wait
from napari_dynaseg._napari.display import find_virtual_display, has_display
from napari_dynaseg.errors import RunError
from napari_dynaseg.image.synthetic import draw_image
from napari_dynaseg.settings import Outcome, Settings

LONGEST = 30.0  # seconds that a move may take


def measure_slider(size: int, result: Outcome, moves: int) -> dict[str, float]:
    """Measure in a fresh process, on a virtual display where there is no real one.

    Parameters
    ----------
    size
        Side of the square plane, pixels.
    result
        What is cut.
    moves
        How often the mouse moves.

    Returns
    -------
    dict
        Milliseconds by name.

    Raises
    ------
    RunError
        If no viewer can be shown here.
    """
    request = {"size": size, "result": result, "moves": moves}
    display = [] if has_display() else find_virtual_display()
    return run_apart(__name__, request, "no viewer could be measured here", display)


def measure(size: int, settings: Settings, moves: int) -> dict[str, float]:
    """Measure in this process, which must have a display."""
    import napari

    viewer = napari.Viewer()
    viewer.add_image(draw_image(size, size, 1), name="cells")
    _, panel = viewer.window.add_plugin_dock_widget("napari-dynaseg", "Dynamic-weight segmenter")
    viewer.window.resize(1366, 768)
    panel.show_settings(settings)
    ended: list[Any] = []
    panel.run_ended.connect(lambda: ended.append(True))
    panel.start()
    wait(lambda: ended)
    wait(lambda: viewer.layers[-1].editable)
    figures = _drag(viewer, panel, moves)
    viewer.close()
    return figures


def _drag(viewer: Any, panel: Any, moves: int) -> dict[str, float]:
    from qtpy import QtTest
    from qtpy.QtCore import QPoint, Qt

    mouse: Any = QtTest.QTest
    left, nothing = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    handle, at = panel.detail.handle, _find_handle(panel.detail.handle)
    news = _News(viewer, panel)
    started = time.perf_counter()
    mouse.mousePress(handle, left, nothing, at)
    pressed = time.perf_counter() - started
    times, first = [], at.x()
    reach = max(4, handle.width() // 4)
    for move in range(moves):
        place = QPoint(first + 2 + _swing(3 * move, reach), at.y())
        times.append(news.wait_for(lambda place=place: mouse.mouseMove(handle, place)))
    started = time.perf_counter()
    mouse.mouseRelease(handle, left, nothing, place)
    released = time.perf_counter() - started
    started = time.perf_counter()
    viewer.layers[-1].undo()
    undone = time.perf_counter() - started
    return {
        "press_ms": 1000 * pressed,
        "move_to_pixels_median_ms": 1000 * float(np.median(times)),
        "move_to_pixels_99th_percentile_ms": 1000 * float(np.percentile(times, 99)),
        "move_to_pixels_longest_ms": 1000 * max(times),
        "release_ms": 1000 * released,
        "undo_ms": 1000 * undone,
    }


def _swing(steps: int, reach: int) -> int:
    """Give a place that goes to and fro between the middle and a reach on both sides."""
    return abs((steps + reach) % (4 * reach) - 2 * reach) - reach


def _find_handle(slider: Any) -> Any:
    from qtpy.QtWidgets import QStyle, QStyleOptionSlider

    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    control, part = QStyle.ComplexControl.CC_Slider, QStyle.SubControl.SC_SliderHandle
    return slider.style().subControlRect(control, option, part, slider).center()


class _News:
    """Tells when the canvas has drawn labels that were cut anew."""

    def __init__(self, viewer: Any, panel: Any) -> None:
        self._is_cut = self._is_drawn = False
        panel.recutting.cut.connect(self._on_cut)
        viewer.window._qt_viewer.canvas._scene_canvas.events.draw.connect(self._on_draw)

    def _on_cut(self) -> None:
        self._is_cut = True

    def _on_draw(self, _event: object) -> None:
        self._is_drawn = self._is_cut

    def wait_for(self, move: Any) -> float:
        """Move the mouse and give the seconds until what comes of it is drawn."""
        from qtpy.QtWidgets import QApplication

        self._is_cut = self._is_drawn = False
        started = time.perf_counter()
        move()
        while not self._is_drawn:
            QApplication.processEvents()
            if time.perf_counter() > started + LONGEST:
                raise RunError(f"no new pixels within {LONGEST:g} s of a move")
        return time.perf_counter() - started


def _measure_request(request: dict[str, Any]) -> dict[str, float]:
    settings = Settings(result=request["result"])
    return measure(request["size"], settings, request["moves"])


if __name__ == "__main__":
    answer(_measure_request)
