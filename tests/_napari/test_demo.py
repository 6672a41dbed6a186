"""The demo on every kind of machine: with a display, with a virtual one, without any."""

import imageio.v3 as imageio
import numpy as np
import pytest

from napari_dynaseg._napari import demo
from napari_dynaseg._napari.demo import (
    LABEL_FILE,
    PICTURE_FILE,
    load_picture,
    run_demo,
    segment_headless,
)
from napari_dynaseg.files.plain_labels import read_labels
from napari_dynaseg.settings import Settings

QUICK = Settings(channels=8, iterations=4, minimum_labels=1)


@pytest.fixture
def quick(monkeypatch):
    """Make the demo short."""
    monkeypatch.setattr(demo, "SETTINGS", QUICK)


def check_outputs(folder):
    """Check that a picture and labels with their recipe were written."""
    labels, recipe = read_labels(folder / LABEL_FILE)
    assert labels.shape == load_picture().shape[:2]
    assert recipe.last_iteration >= 1
    assert imageio.imread(folder / PICTURE_FILE).ndim == 3


def test_the_picture_is_small_and_coloured():
    picture = load_picture()
    assert picture.dtype == np.uint8
    assert picture.shape == (400, 600, 3)


def test_without_a_viewer_the_demo_writes_a_picture_and_labels(tmp_path, quick):
    segment_headless(tmp_path)
    check_outputs(tmp_path)


def test_without_a_display_or_xvfb_the_demo_says_so_and_where_its_files_are(
    tmp_path, quick, monkeypatch
):
    monkeypatch.setattr(demo, "can_open_windows", lambda: False)
    monkeypatch.setattr(demo, "find_virtual_display", list)
    lines = list(run_demo(tmp_path))
    assert "without one" in lines[0]
    assert lines[1:] == [
        f"picture: {tmp_path / PICTURE_FILE}",
        f"labels:  {tmp_path / LABEL_FILE}",
    ]
    check_outputs(tmp_path)


def test_where_the_virtual_display_fails_the_demo_goes_on_without(tmp_path, quick, monkeypatch):
    monkeypatch.setattr(demo, "can_open_windows", lambda: False)
    monkeypatch.setattr(demo, "find_virtual_display", lambda: ["false"])
    lines = list(run_demo(tmp_path))
    assert [line.split()[0] for line in lines] == ["no", "no", "picture:", "labels:"]


def test_with_a_display_the_demo_opens_the_viewer(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(demo, "can_open_windows", lambda: True)
    monkeypatch.setattr(demo, "show_demo", lambda: shown.append("viewer"))
    assert "close its window" in next(iter(run_demo(tmp_path)))
    list(run_demo(tmp_path))
    assert shown


@pytest.fixture
def plugin(npe2pm):
    """Let napari know the plugin."""
    from npe2 import PluginManifest

    npe2pm.register(PluginManifest.from_distribution("napari-dynaseg"))


def test_the_viewer_opens_with_the_panel_docked_and_a_run_started(
    plugin, make_napari_viewer, monkeypatch, quick, qtbot
):
    import napari

    monkeypatch.setattr(napari, "Viewer", lambda title: make_napari_viewer(title=title))
    viewer, panel = demo.open_viewer()
    with qtbot.waitSignal(panel.run_ended, timeout=20_000):
        assert panel.run is not None
    assert [layer.name for layer in viewer.layers] == ["coffee", "coffee segments"]


def test_the_recorded_demo_writes_what_was_on_the_screen(
    plugin, make_napari_viewer, monkeypatch, quick, qtbot, tmp_path
):
    import napari

    viewers = []

    def make(title):
        viewers.append(make_napari_viewer(title=title, show=True))
        return viewers[0]

    monkeypatch.setattr(napari, "Viewer", make)
    monkeypatch.setattr(
        napari, "run", lambda: qtbot.waitUntil((tmp_path / LABEL_FILE).exists, timeout=60_000)
    )
    demo.record_demo(tmp_path)
    check_outputs(tmp_path)


def test_showing_the_demo_runs_napari_until_its_window_closes(monkeypatch):
    import napari

    order = []
    monkeypatch.setattr(demo, "open_viewer", lambda: order.append("open"))
    monkeypatch.setattr(napari, "run", lambda: order.append("run"))
    demo.show_demo()
    assert order == ["open", "run"]
