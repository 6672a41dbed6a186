"""Microscopy: what is foreground, what is an object, and how the sets are read."""

import json
import sys

import h5py
import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

from benchmarks.accuracy import object_scores
from benchmarks.accuracy.microscopy import Microscopy
from benchmarks.accuracy.microscopy_table import summarise, write_table
from napari_dynaseg.errors import FileError
from napari_dynaseg.peers import Outcome


def test_a_cluster_is_foreground_if_most_of_it_lies_inside():
    labels = np.array([[1, 1, 1, 2, 2, 3]])
    truth = np.array([[1, 1, 0, 1, 0, 0]], bool)
    # Two of three, one of two, none.
    assert object_scores.choose_foreground(labels, truth).tolist() == [[True] * 3 + [False] * 3]


def test_parts_that_touch_at_a_corner_are_two_objects():
    assert object_scores.find_objects(np.array([[True, False], [False, True]])).max() == 2


def test_watershed_parts_touching_discs_and_leaves_one_disc_whole():
    rows, columns = np.indices((60, 110))
    discs = [np.hypot(rows - 30, columns - middle) < 22 for middle in (30, 68)]
    assert object_scores.split_by_watershed(discs[0]).max() == 1
    both = object_scores.split_by_watershed(discs[0] | discs[1])
    assert both.max() == 2
    assert both[30, 20] != both[30, 90]
    assert object_scores.find_objects(discs[0] | discs[1]).max() == 1


def test_dice_is_twice_what_is_shared_of_both():
    one, other = np.array([1, 1, 1, 0], bool), np.array([0, 1, 1, 0], bool)
    assert object_scores.measure_dice(one, other) == pytest.approx(4 / 5)
    assert object_scores.measure_dice(one & ~one, other & ~other) == 1


def test_precision_counts_found_invented_and_missed_objects():
    truth = np.array([[1, 1, 1, 0, 2, 2, 0, 4]])
    found = np.array([[1, 1, 0, 0, 3, 0, 5, 0]])
    # 1 found with 2 of 3; 2 has 1 of 2, which is not more than half; 4 missed; 3 and 5 invented.
    assert object_scores.measure_precision(found, truth) == pytest.approx(1 / (1 + 2 + 2))
    assert object_scores.measure_precision(truth, truth) == 1
    assert object_scores.measure_precision(truth * 0, truth * 0) == 1


@pytest.fixture
def root(tmp_path):
    """Write every set in its layout, one bright cell on dark ground an image."""
    image, truth = np.full((20, 30), 20, np.uint8), np.zeros((20, 30), np.uint8)
    image[5:15, 8:20], truth[5:15, 8:20] = 220, 1

    def write(path, pixels):
        path.parent.mkdir(parents=True, exist_ok=True)
        (tifffile.imwrite if path.suffix == ".tif" else imageio.imwrite)(path, pixels)

    for kind, pixels in (("images/a.png", image), ("labels/a.tif", truth)):
        write(tmp_path / "dsb2018" / kind, pixels)
    for kind, pixels in (("image/0.png", 255 - image), ("label/0.png", 255 * (1 - truth))):
        write(tmp_path / "isbi2012_em" / kind, pixels)
    for kind, pixels in (("imgs/b.tif", np.dstack([image] * 3)), ("labels/b.tif", 255 * truth)):
        write(tmp_path / "monuseg_he" / kind, pixels)
    for kind, pixels in (("raw", image.astype(np.uint16) * 9), ("labels", truth)):
        write(tmp_path / "ctc_fluo_n2dh_sim" / f"{kind}_TYX.tif", np.stack([pixels] * 2))
    (tmp_path / "plantseg_ovule3d").mkdir()
    with h5py.File(tmp_path / "plantseg_ovule3d" / "1135_mini.h5", "w") as file:
        file["raw"], file["label"] = np.stack([image] * 11), np.stack([truth] * 11)
    return tmp_path


NAMES = [
    "dsb2018/a",
    "ctc_fluo_n2dh_sim/T0",
    "ctc_fluo_n2dh_sim/T1",
    "plantseg_ovule3d/Z0",
    "plantseg_ovule3d/Z10",
    "monuseg_he/b",
    "isbi2012_em/0",
]


def test_every_set_that_is_there_is_listed(root):
    assert Microscopy(root).list_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_cell_that_is_found_scores_1(root, name):
    data_set = Microscopy(root)
    plane = data_set.read_plane(name)
    labels = (plane.mean(axis=0) > 0.5).astype(np.int32) + 1
    scores = data_set.score(name, Outcome(labels), "kmeans")
    assert scores["dice"] == 1
    assert scores.get("ap", 1) == 1
    assert ("ap" in scores) == (not name.startswith(("monuseg", "isbi")))


def test_missing_sets_are_named(tmp_path):
    with pytest.raises(FileError, match="must hold one of dsb2018, ctc_fluo.*; found none"):
        Microscopy(tmp_path).list_names()


def test_a_truth_that_is_missing_is_named(root):
    (root / "dsb2018" / "labels" / "a.tif").unlink()
    with pytest.raises(FileError, match=r"labels.a\.tif: it does not exist"):
        Microscopy(root).read_plane("dsb2018/a")


def test_without_h5py_it_is_said_what_to_install(root, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(FileError, match=r"install napari-dynaseg\[benchmark\]"):
        Microscopy(root).list_names()


def test_the_command_prints_a_column_for_each_score_of_each_set(root, tmp_path, call):
    figures = tmp_path / "figures.json"
    rest = ["--methods", "otsu,kmeans:clusters=2", "--processes", 1, "--json", figures]
    status, out, _ = call("accuracy", "microscopy", root, "--seeds", 2, *rest)
    assert status == 0
    head, _, otsu, kmeans = out.splitlines()
    assert head.split(" | ")[1:3] == ["ctc_fluo_n2dh_sim Dice", "ctc_fluo_n2dh_sim AP"]
    assert otsu.startswith("| otsu | ")
    assert kmeans.startswith("| kmeans:clusters=2 | 1.000 ± 0.000 |")
    content = json.loads(figures.read_text())["methods"]["kmeans:clusters=2"]
    assert content["sets"]["dsb2018"] == {"dice": 1, "ap": 1, "spread": {"dice": 0, "ap": 0}}
    assert set(content["images"]) == set(NAMES)


def test_sets_are_averaged_over_images_and_spread_over_seeds():
    lines = [
        {"key": {"image": f"s/{i}"}, "method": "m", "seed": seed, "seconds": 1, "dice": dice}
        for i, seed, dice in (("a", 0, 0.2), ("b", 0, 0.4), ("a", 1, 0.4), ("b", 1, 0.6))
    ]
    summary = summarise(lines)
    assert summary["m"]["sets"]["s"]["dice"] == pytest.approx(0.4)
    assert summary["m"]["sets"]["s"]["spread"]["dice"] == pytest.approx(0.1)
    assert "| m | 0.400 ± 0.100 | 1.0 |" in write_table(summary)
