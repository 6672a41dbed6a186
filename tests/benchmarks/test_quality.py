"""The comparison of Fast with Exact: what it runs, that it resumes, and what it sums up."""

import json

import numpy as np
import pytest
from benchmarks.accuracy.bsds500 import list_images, read_truths

from benchmarks import quality
from napari_dynaseg.cli.app import main
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


def test_every_image_scheme_and_seed_is_run_once(root):
    runs = quality.plan_runs(list_images(root, "val"), 3)
    assert len(runs) == len(set(runs)) == 2 * 3 * (3 + 1)


@pytest.mark.filterwarnings("default")
def test_the_command_prints_a_table_and_resumes_where_it_was(root, tmp_path, capsys):
    results, figures = tmp_path / "runs.jsonl", tmp_path / "figures.json"
    command = ["benchmark", "quality", str(root), "--results", str(results), "--iterations", "2"]
    command += ["--seeds", "1", "--json", str(figures)]
    with pytest.raises(SystemExit) as end:
        main(command)
    assert end.value.code == 0
    table = capsys.readouterr().out
    assert [line.split("|")[1].strip() for line in table.splitlines()[2:]] == [
        "SCF",
        "FSF",
        "FIXED",
    ]
    before = results.read_text()
    assert len(before.splitlines()) == 12
    with pytest.raises(SystemExit):
        main(command)
    assert results.read_text() == before
    summary = json.loads(figures.read_text())["scf"]
    assert summary["images"] == 2
    assert summary["difference"] == pytest.approx(summary["fast_all"] - summary["exact_all"])


def make_line(image, kind, overlaps, seed=0):
    sizes = [10] * len(overlaps)
    run = [image, "scf", kind, seed]
    return {"run": run, "seconds": 1, "labels": 4, "overlaps": overlaps, "sizes": sizes}


def test_the_interval_of_a_constant_difference_has_no_width():
    lines = []
    for image in "abc":
        lines += [make_line(image, "exact", [0.5, 0.3]), make_line(image, "fast", [0.6, 0.4])]
    summary = quality._summarise_scheme("scf", lines)
    for name in ("difference", "low", "high"):
        assert summary[name] == pytest.approx(0.1)


def test_seeds_are_pooled():
    lines = [make_line("a", "exact", [0.5])]
    lines += [make_line("a", "fast", [0.2], 0), make_line("a", "fast", [0.6], 1)]
    assert quality._summarise_scheme("scf", lines)["fast_all"] == pytest.approx(0.4)


def test_a_file_of_something_else_is_refused(root, tmp_path):
    results = tmp_path / "runs.jsonl"
    results.write_text("no json")
    with pytest.raises(FileError, match="is no file of this comparison"):
        next(quality.compare(list_images(root, "val"), 1, 1, results))
