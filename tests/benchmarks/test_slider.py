"""The benchmark of the detail's slider moves it by mouse, and reports what it says."""

from benchmarks import slider
from benchmarks.slider import measure
from napari_dynaseg.settings import Settings

NAMES = {
    "press_ms",
    "move_to_pixels_median_ms",
    "move_to_pixels_99th_percentile_ms",
    "move_to_pixels_longest_ms",
    "release_ms",
    "undo_ms",
}


def test_every_move_of_the_mouse_brings_new_pixels(npe2pm, make_napari_viewer, monkeypatch):
    import napari
    from npe2 import PluginManifest

    npe2pm.register(PluginManifest.from_distribution("napari-dynaseg"))
    monkeypatch.setattr(napari, "Viewer", lambda: make_napari_viewer(show=True))
    figures = measure(64, Settings(result="regions", iterations=4), 10)
    assert set(figures) == NAMES
    assert all(value > 0 for value in figures.values())


def test_the_command_prints_the_figures_of_both_sizes(monkeypatch, call):
    monkeypatch.setattr(slider, "measure_slider", lambda side, result, moves: {"ms": side / 2})
    status, out, _ = call("slider", "--moves", 20)
    assert (status, out.split()) == (0, ["512²", "ms", "256", "2048²", "ms", "1024"])
