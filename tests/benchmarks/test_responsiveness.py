"""The benchmark of the viewer's responsiveness measures what it says."""

import json
import sys

import numpy as np
import pytest
from benchmarks.responsiveness import GapMeter, measure, measure_in_viewer

from benchmarks import responsiveness
from napari_dynaseg.errors import RunError
from napari_dynaseg.settings import Settings

NAMES = {
    "viewer_open_s",
    "panel_open_s",
    "torch_import_longest_gap_ms",
    "segment_click_s",
    "segment_first_click_s",
    "segment_to_first_update_s",
    "segment_to_final_labels_s",
    "worker_to_direct_ratio",
    "worker_to_direct_ratio_highest",
    "gap_median_ms",
    "gap_99th_percentile_ms",
    "gap_longest_ms",
    "stop_to_panel_idle_s",
    "stop_to_thread_idle_s",
}


def test_a_busy_event_loop_shows_as_a_gap(qtbot):
    import time

    meter = GapMeter()
    meter.start()
    qtbot.wait(50)
    time.sleep(0.2)
    qtbot.wait(50)
    gaps = meter.stop()
    assert max(gaps) >= 200
    assert np.median(gaps) < 50


@pytest.mark.parametrize("quality", ["exact", "fast"])
def test_the_benchmark_reports_every_figure(quality, npe2pm, make_napari_viewer, monkeypatch):
    import napari
    from npe2 import PluginManifest

    npe2pm.register(PluginManifest.from_distribution("napari-dynaseg"))
    monkeypatch.setattr(napari, "Viewer", make_napari_viewer)
    figures = measure(32, Settings(iterations=10, minimum_labels=1, quality=quality))
    assert set(figures) == NAMES
    assert all(value > 0 for value in figures.values())


def pretend_python(monkeypatch, folder, script):
    """Let the benchmark start a shell script in Python's place."""
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    monkeypatch.setattr(responsiveness.sys, "executable", str(python))


@pytest.mark.skipif(sys.platform == "win32", reason="starts a shell script")
def test_the_figures_come_from_a_process_of_their_own(monkeypatch, tmp_path):
    # The arguments are -m, the module, the size, the iterations, the quality, the report.
    pretend_python(monkeypatch, tmp_path, """echo "{\\"size\\": $3}" > "$6" """)
    assert measure_in_viewer(32, 10, "fast") == {"size": 32}


@pytest.mark.skipif(sys.platform == "win32", reason="starts a shell script")
def test_a_viewer_that_cannot_be_measured_is_reported_with_its_last_words(monkeypatch, tmp_path):
    pretend_python(monkeypatch, tmp_path, "echo no screen >&2; exit 3")
    with pytest.raises(RunError, match="no viewer could be measured here: no screen"):
        measure_in_viewer(32, 10, "fast")


def test_the_command_prints_and_writes_the_figures(monkeypatch, tmp_path, capsys):
    from napari_dynaseg.cli.app import main

    monkeypatch.setattr(
        responsiveness, "measure_in_viewer", lambda size, runs, quality: {"gap_ms": size / 2}
    )
    with pytest.raises(SystemExit) as end:
        main(["benchmark", "responsiveness", "--size", "64", "--json", str(tmp_path / "out.json")])
    assert end.value.code == 0
    assert capsys.readouterr().out.split() == ["gap_ms", "32.000"]
    assert json.loads((tmp_path / "out.json").read_text()) == {"gap_ms": 32.0}


def test_the_demo_command_prints_what_goes_on(monkeypatch, tmp_path, capsys):
    from napari_dynaseg._napari import demo
    from napari_dynaseg.cli.app import main

    monkeypatch.setattr(demo, "run_demo", lambda output: iter([f"in {output.name}"]))
    with pytest.raises(SystemExit) as end:
        main(["demo", "-o", str(tmp_path)])
    assert end.value.code == 0
    assert capsys.readouterr().out.strip() == f"in {tmp_path.name}"
