"""The accuracy benchmark: what it runs, that it resumes, what it writes and prints."""

import json

import numpy as np
import pytest
import tifffile

from benchmarks.accuracy.bsds500 import Bsds500
from benchmarks.accuracy.method_choice import parse_choices
from benchmarks.accuracy.runs import do_run, measure, plan_runs
from benchmarks.accuracy.summary import FIGURES, MANY_TO_ONE, compare_with, summarise
from benchmarks.accuracy.table import write_comparison, write_figures
from benchmarks.processes import open_pool, use_threads
from benchmarks.result_lines import ResultLines
from napari_dynaseg.peers import Outcome, Preview

QUICK = "kmeans:clusters=2:starts=1,graph"


def plan(root, methods=QUICK, seeds=1, labels=None):
    names = Bsds500(root, "val").list_names()
    return plan_runs(names, parse_choices([methods]), seeds, labels)


def strip(lines):
    return sorted(
        json.dumps({k: v for k, v in line.items() if k != "seconds"}, sort_keys=True)
        for line in lines
    )


def test_every_image_method_and_seed_is_run_once(root):
    runs = plan(root, seeds=3)
    assert [(run.image, run.method_name, run.seed) for run in runs[:4]] == [
        ("0", "kmeans", 0),
        ("0", "kmeans", 1),
        ("0", "kmeans", 2),
        ("0", "graph", 0),
    ]
    assert len(runs) == 2 * (3 + 1)


def test_two_processes_give_what_one_gives(root):
    data_set = Bsds500(root, "val")
    methods = "superpixels:iterations=3:superpixels=30,kmeans"
    one, two = (
        list(measure(data_set, plan(root, methods), ResultLines(None), processes))
        for processes in (1, 2)
    )
    assert strip(one) == strip(two)


def test_a_stopped_measurement_goes_on_where_it_was(root, tmp_path, monkeypatch):
    data_set, results = Bsds500(root, "val"), tmp_path / "runs.jsonl"
    runs = plan(root)
    steps = measure(data_set, runs, ResultLines(results))
    first = next(steps)
    steps.close()
    assert len(results.read_text().splitlines()) == 1
    done = []
    note = lambda *of: done.append(of) or do_run(*of)  # noqa: E731
    monkeypatch.setattr("benchmarks.accuracy.runs.do_run", note)
    lines = list(measure(data_set, runs, ResultLines(results)))
    assert lines[0] == first
    assert (len(done), len(lines)) == (3, 4)
    assert list(measure(data_set, runs, ResultLines(results))) == lines
    assert len(done) == 3


def test_other_knobs_are_another_run(root, tmp_path):
    data_set, results = Bsds500(root, "val"), tmp_path / "runs.jsonl"
    list(measure(data_set, plan(root, "graph"), ResultLines(results)))
    list(measure(data_set, plan(root, "graph:scale=20"), ResultLines(results)))
    assert len(results.read_text().splitlines()) == 4


def test_label_maps_are_written_and_missing_ones_made_again(root, tmp_path):
    data_set, results = Bsds500(root, "val"), tmp_path / "runs.jsonl"
    runs = plan(root, labels=tmp_path / "labels")
    list(measure(data_set, runs, ResultLines(results)))
    path = tmp_path / "labels" / "graph" / "0_0.tif"
    labels = tifffile.imread(path)
    assert labels.shape == (24, 30)
    path.unlink()
    list(measure(data_set, runs, ResultLines(results)))
    np.testing.assert_array_equal(tifffile.imread(path), labels)
    assert len(results.read_text().splitlines()) == 4


def test_the_threads_of_this_process_are_as_before():
    from napari_dynaseg.engine.backend import torch

    before = torch.get_num_threads()
    with use_threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_each_process_computes_with_its_threads():
    from napari_dynaseg.engine.backend import torch

    with open_pool(1, 1) as pool:
        assert pool.submit(torch.get_num_threads).result() == 1


def make_line(image, method, seed, *maps):
    drawn = [
        {"overlaps": list(overlaps), "sizes": [5] * len(overlaps), "pri": pri, "voi": voi}
        | {"many_to_one": pri}
        for overlaps, pri, voi in maps
    ]
    key = {"image": image, "set": "bsds500 val"}
    scores = {"seconds": 2.0, "segments": 10 * (seed + 1), "maps": drawn}
    return {"key": key, "method": method, "seed": seed, **scores}


def test_figures_are_pooled_over_images_and_averaged_over_seeds():
    lines = [
        make_line("a", "scf", 0, ((0.2, 0.4), 0.5, 2.0), ((0.6,), 0.7, 1.0)),
        make_line("b", "scf", 0, ((0.8,), 0.9, 3.0)),
        make_line("a", "scf", 1, ((0.4, 0.6), 0.5, 2.0), ((0.8,), 0.7, 1.0)),
        make_line("b", "scf", 1, ((1.0,), 0.9, 3.0)),
    ]
    figures = summarise(lines)["scf"]
    assert figures["all"] == pytest.approx((0.5 + 0.7) / 2)
    assert figures["spread"]["all"] == pytest.approx(0.1)
    assert figures["fine"] == pytest.approx(((0.2 + 0.4 + 0.8) / 3 + (0.4 + 0.6 + 1) / 3) / 2)
    assert figures["coarse"] == pytest.approx((0.7 + 0.9) / 2)
    # Averaged over the people of an image first, then over the images.
    assert figures["pri"] == pytest.approx((0.6 + 0.9) / 2)
    assert figures["voi"] == pytest.approx((1.5 + 3) / 2)
    assert (figures["segments"], figures["seconds"], figures["seeds"]) == (15, 2, 2)
    assert set(figures["images"]) == {"a", "b"}
    # The mean over the people of an image, and the best of them.
    assert figures["many_to_one"] == pytest.approx((0.6 + 0.9) / 2)
    assert figures["many_to_one_best"] == pytest.approx((0.7 + 0.9) / 2)
    assert set(figures["images"]["b"]) == {*FIGURES, *MANY_TO_ONE}
    assert "levels" not in figures
    assert figures["images"]["b"]["all"] == pytest.approx(0.9)


def test_a_constant_difference_has_an_interval_of_no_width():
    lines = []
    for image in "abc":
        lines += [make_line(image, "auto", seed, ((0.6, 0.4), 1, 0)) for seed in range(2)]
        lines += [make_line(image, "scf", 0, ((0.5, 0.3), 1, 0))]
    (compared,) = compare_with(lines, "auto").values()
    assert compared == pytest.approx({"difference": 0.1, "low": 0.1, "high": 0.1})
    assert "| scf | +0.100 (+0.100 to +0.100) |" in write_comparison("auto", {"scf": compared})


def test_the_table_has_the_papers_figure_the_measured_one_and_their_difference():
    lines = [make_line("a", method, 0, ((0.2, 0.4), 0.5, 2.0)) for method in ("scf", "auto")]
    lines += [make_line("a", "scf", 1, ((0.4, 0.6), 0.5, 2.0))]
    table = write_figures(summarise(lines), {"scf": {"all": 0.33, "fine": 0.29}})
    head, _, scf, auto, _, _, _, regions, _ = table.splitlines()
    assert head == (
        "| method | All: paper | measured | difference | Fine: paper | measured | difference |"
    )
    assert scf.startswith("| scf | 0.330 | 0.400 ± 0.100 | +0.070 | 0.290 | 0.400 ± 0.100 |")
    assert auto == "| auto | – | 0.300 | – | – | 0.300 | – |"
    assert regions.startswith("| scf | 0.400 ± 0.100 | 0.500 ± 0.000 | 2.000 ± 0.000 | 15 ± 5 |")


def test_the_command_prints_the_table_and_writes_the_figures(call, root, tmp_path):
    figures = tmp_path / "figures.json"
    rest = ("--processes", 1, "--methods", QUICK, "--against", "graph", "--json", figures)
    status, out, _ = call("accuracy", "bsds500", root, *rest)
    assert status == 0
    assert "| graph | 0.313 |" in out
    assert "many-to-one" not in out
    assert "ODS" not in out
    assert "All of graph less that of this one" in out
    content = json.loads(figures.read_text())
    assert content["set"] == "bsds500 val"
    assert content["machine"]["threads of a run"] == "1"
    graph = content["methods"]["graph"]
    assert set(FIGURES) < set(graph)
    assert set(graph["images"]) == {"0", "1"}
    assert content["against"]["graph"].keys() == {"kmeans:clusters=2:starts=1"}


def test_the_many_to_one_rule_is_a_column_when_it_is_asked_for(call, root):
    rest = ("--processes", 1, "--methods", "graph", "--many-to-one")
    status, out, _ = call("accuracy", "bsds500", root, *rest)
    assert status == 0
    assert "| segments | seconds | many-to-one: mean | best annotator |" in out


def test_a_result_that_has_levels_is_measured_at_each_and_resumes(
    call, root, tmp_path, monkeypatch
):
    columns = np.zeros((24, 30), np.int32) + np.arange(30)

    def cut(detail):
        # Two halves as the truth of image 0 has them below 45, then ever finer.
        return 1 + (columns >= 12) if detail < 45 else 1 + columns // (1 if detail > 50 else 2)

    def run(plane, knobs):
        yield Preview(1, 1)
        return Outcome(cut(60.0), cut)

    monkeypatch.setattr("napari_dynaseg.peers.graph_based.run", run)
    figures, results = tmp_path / "figures.json", tmp_path / "runs.jsonl"
    rest = ("--processes", 1, "--methods", "graph", "--json", figures, "--results", results)
    status, out, _ = call("accuracy", "bsds500", root, *rest)
    assert status == 0
    assert "| method | covering: ODS | OIS | PRI: ODS | OIS | VOI, bits: ODS | OIS | detail" in out
    assert "| All / covering at detail | 20 | 25 |" in out
    of = json.loads(figures.read_text())["methods"]["graph"]
    # Image 0 is met, and of image 1 one column of 30 is on the wrong side.
    overlaps, pixels = np.array([12 / 13, 17 / 18]), np.array([13, 17])
    expected = (30 + overlaps @ pixels) / 60
    assert of["covering_ods"] == pytest.approx(expected, abs=1e-4)
    assert of["covering_ois"] == pytest.approx(expected, abs=1e-4)
    assert of["levels"]["40.0"]["all"] == pytest.approx((2 + overlaps.sum()) / 4, abs=1e-4)
    assert of["covering"] < 0.1
    assert of["images"]["0"]["covering_ods"] == pytest.approx(1)
    before = results.read_text()
    assert max(map(len, before.splitlines())) < 4000
    monkeypatch.setattr("napari_dynaseg.peers.graph_based.run", None)
    assert call("accuracy", "bsds500", root, *rest)[:2] == (0, out)
    assert results.read_text() == before


def test_a_comparison_with_what_was_not_measured_is_refused(call, root):
    rest = ("--processes", 1, "--methods", "graph", "--against", "scf")
    status, _, err = call("accuracy", "bsds500", root, *rest)
    assert status == 2
    assert "--against takes a method measured, graph; got 'scf'" in err
