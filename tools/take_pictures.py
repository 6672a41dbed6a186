"""Take the picture of the README: the panel and its result in a real viewer.

Run it where there is a display, or under ``xvfb-run -a -s "-screen 0 1600x1000x24"``.
"""

import sys
from pathlib import Path

import napari
from qtpy.QtCore import QTimer

from napari_dynaseg._napari.demo import open_viewer

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"


def main() -> None:
    """Open the demo, and take a picture once its run has ended."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    viewer, panel = open_viewer()

    def finish() -> None:
        picture = str(FOLDER / "panel_done.png")
        viewer.window.screenshot(picture, canvas_only=False, flash=False)
        viewer.close()

    panel.run_ended.connect(lambda: QTimer.singleShot(500, finish))
    napari.run()


if __name__ == "__main__":
    sys.exit(main())
