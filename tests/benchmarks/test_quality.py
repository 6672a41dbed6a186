"""The comparison of Fast with Exact: what it runs, that it resumes, and what it sums up."""

import json

import numpy as np
import pytest

from benchmarks import quality
from benchmarks.accuracy.bsds500 import list_images, read_truths
from napari_dynaseg.errors import FileError


def test_images_are_listed_by_name_and_spread_evenly(root):
    assert [path.name for path in list_images(root, "val")] == ["0.jpg", "1.jpg"]
    assert [path.name for path in list_images(root, "val", 1)] == ["0.jpg"]


def test_a_folder_without_images_is_refused(root):
    with pytest.raises(FileError, match=r"must hold images/test/\*.jpg of BSDS500; found none"):
        list_images(root, "test")


def test_every_persons_map_is_read(root):
    truths = read_truths(list_images(root, "val")[0])
    assert len(truths) == 2
    assert set(np.unique(truths[0])) == {1, 2}


def test_a_missing_truth_is_named(root):
    (root / "groundTruth" / "val" / "0.mat").unlink()
    with pytest.raises(FileError, match=r"0\.mat cannot be read"):
        read_truths(list_images(root, "val")[0])


def test_every_image_scheme_and_seed_is_run_once():
    runs = quality.plan_comparison(["0", "1"], 50, 3)
    asked = [(r.image, r.method_name, r.knobs["quality"], r.knobs["seed"]) for r in runs]
    assert len(asked) == len(set(asked)) == 2 * 3 * (3 + 1)
    assert {r.knobs["iterations"] for r in runs if r.knobs["quality"] == "exact"} == {50}


@pytest.mark.filterwarnings("default")
def test_the_command_prints_a_table_and_resumes_where_it_was(root, tmp_path, call):
    results, figures = tmp_path / "runs.jsonl", tmp_path / "figures.json"
    command = ["quality", root, "--results", results, "--iterations", 2]
    command += ["--seeds", 1, "--json", figures]
    status, table, _ = call(*command)
    assert status == 0
    assert [line.split("|")[1].strip() for line in table.splitlines()[2:]] == [
        "SCF",
        "FSF",
        "FIXED",
    ]
    before = results.read_text()
    assert len(before.splitlines()) == 12
    assert call(*command)[:2] == (0, table)
    assert results.read_text() == before
    summary = json.loads(figures.read_text())["scf"]
    assert summary["images"] == 2
    assert summary["difference"] == pytest.approx(summary["fast_all"] - summary["exact_all"])


def make_line(image, kind, overlaps, seed=0):
    drawn = {
        "overlaps": overlaps,
        "sizes": [10] * len(overlaps),
        "pri": 1,
        "voi": 0,
        "many_to_one": 1,
    }
    scores = {"seconds": 1, "segments": 4, "maps": [drawn]}
    return {
        "key": {"image": image},
        "method": f"scf-published:quality={kind}",
        "seed": seed,
        **scores,
    }


def summarise_scf(lines, monkeypatch):
    monkeypatch.setattr(quality, "SCHEMES", ("scf",))
    return quality.summarise_schemes(lines)["scf"]


def test_the_interval_of_a_constant_difference_has_no_width(monkeypatch):
    lines = []
    for image in "abc":
        lines += [make_line(image, "exact", [0.5, 0.3]), make_line(image, "fast", [0.6, 0.4])]
    summary = summarise_scf(lines, monkeypatch)
    for name in ("difference", "low", "high"):
        assert summary[name] == pytest.approx(0.1)


def test_seeds_are_pooled(monkeypatch):
    lines = [make_line("a", "exact", [0.5])]
    lines += [make_line("a", "fast", [0.2], 0), make_line("a", "fast", [0.6], 1)]
    assert summarise_scf(lines, monkeypatch)["fast_all"] == pytest.approx(0.4)


def test_a_file_of_something_else_is_refused(root, tmp_path, call):
    results = tmp_path / "runs.jsonl"
    results.write_text("no json")
    status, _, err = call("quality", root, "--results", results)
    assert status == 2
    assert "is no file of this comparison" in err
