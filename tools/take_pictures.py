"""Take the pictures of the README: the panel at work in a real viewer, and its result.

Run it where there is a display, or under ``xvfb-run -a -s "-screen 0 1600x1000x24"``.
"""

import sys
from pathlib import Path

import napari
from qtpy.QtCore import QTimer

from napari_dynaseg._napari.demo import open_viewer

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
ITERATION_SHOWN_AT_WORK = 8


def main() -> None:
    """Open the demo, take one picture in the middle of the run and one after it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    viewer, panel = open_viewer()
    taken: list[str] = []

    def take(name: str) -> None:
        viewer.window.screenshot(str(FOLDER / name), canvas_only=False, flash=False)
        taken.append(name)

    def take_at_work(update: object) -> None:
        if not taken and update.now.iteration >= ITERATION_SHOWN_AT_WORK:
            taken.append("soon")
            QTimer.singleShot(0, lambda: take("panel_at_work.png"))

    def finish() -> None:
        take("panel_done.png")
        viewer.close()

    panel.run.progressed.connect(take_at_work)
    panel.run_ended.connect(lambda: QTimer.singleShot(500, finish))
    napari.run()


if __name__ == "__main__":
    sys.exit(main())
