"""What the viewer's tests share: a small image, a viewer with the panel, a finished run."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from npe2 import PluginManifest

from napari_dynaseg._napari.panel.widget import SegmenterPanel
from napari_dynaseg.engine.warm_up import warm_up
from napari_dynaseg.regions.tree import warm_up_tree
from napari_dynaseg.settings import Settings

QUICK = Settings(channels=8, iterations=12, minimum_labels=1)
ENDLESS = QUICK.change(iterations=100_000, quality="exact")
TIMEOUT = 20_000


@pytest.fixture(scope="session", autouse=True)
def ready_engine() -> None:
    """Compile the engine's loops, so that the first run to be waited for does not have to."""
    warm_up()
    warm_up_tree()


@pytest.fixture
def halves() -> np.ndarray:
    """Give a 24×32 picture: dark on the left, bright on the right, a little noise."""
    picture = np.full((24, 32), 40, np.uint8)
    picture[:, 16:] = 200
    return picture + np.random.default_rng(0).integers(0, 20, picture.shape, np.uint8)


@pytest.fixture
def viewer(make_napari_viewer: Callable[..., Any]) -> Any:
    """Give a real viewer, not shown."""
    return make_napari_viewer()


# Napari gives a panel that it opens a proxy of the viewer, whose layers are not the layers.
EITHER_WAY = pytest.mark.parametrize("panel", ["by hand", "by napari"], indirect=True)


@pytest.fixture
def panel(viewer: Any, halves: np.ndarray, request: pytest.FixtureRequest) -> SegmenterPanel:
    """Give the panel docked in a viewer that has the picture, with quick settings."""
    viewer.add_image(halves, name="halves")
    if getattr(request, "param", "by hand") == "by hand":
        return open_panel(viewer)
    npe2pm = request.getfixturevalue("npe2pm")
    npe2pm.register(PluginManifest.from_distribution("napari-dynaseg"))
    return open_panel_by_napari(viewer)


def open_panel(viewer: Any) -> SegmenterPanel:
    """Dock a panel with quick settings."""
    panel = SegmenterPanel(viewer)
    viewer.window.add_dock_widget(panel, name="segmenter")
    panel.show_settings(QUICK)
    return panel


def find_camera(viewer: Any) -> Any:
    """Find a viewer's camera, which has been the scene's since napari 0.9."""
    return getattr(viewer, "scene", viewer).camera


def open_panel_by_napari(viewer: Any) -> SegmenterPanel:
    """Have napari dock a panel with quick settings, as from its menu."""
    _, panel = viewer.window.add_plugin_dock_widget("napari-dynaseg", "Dynamic-weight segmenter")
    panel.show_settings(QUICK)
    return panel


@pytest.fixture
def finish(qtbot: Any) -> Callable[..., Any]:
    """Give a function that presses Segment, waits for the end and gives the new layer."""

    def press_and_wait(panel: SegmenterPanel) -> Any:
        with qtbot.waitSignal(panel.run_ended, timeout=TIMEOUT):
            panel.segment_button.native.click()
            run = panel.run
        return run.layer

    return press_and_wait


@pytest.fixture
def begin(qtbot: Any) -> Callable[..., Any]:
    """Give a function that starts an endless run and gives it once it has shown something."""

    def press_and_watch(panel: SegmenterPanel) -> Any:
        panel.show_settings(ENDLESS)
        panel.segment_button.native.click()
        run = panel.run
        qtbot.waitUntil(lambda: run.update is not None, timeout=TIMEOUT)
        return run

    return press_and_watch
