"""The comparison of the ways through a stack, its scores pinned by arrays counted by hand."""

import json

import numpy as np
import pytest
import tifffile
from benchmarks.consistency import (
    Scores,
    compare_ways,
    count_foreground,
    find_best_dice,
    list_neighbours,
    measure_overlap,
    measure_truth,
    read_foreground,
    write_table,
)

from napari_dynaseg.cli.app import main
from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.settings import Settings

SMALL = Settings(
    channels=8, iterations=4, minimum_labels=1, follow_iterations=2, device="cpu", scheme="fixed"
)


def make_map(*rows):
    return np.array(rows, np.int32)


def make_stack(array, axes="TYX"):
    return StackImage((array,), parse_axes(axes, array.shape), "cells")


@pytest.fixture
def image():
    """Give three planes with a bright part that grows."""
    array = np.random.default_rng(0).integers(0, 900, (3, 18, 14), np.uint16)
    for plane in range(3):
        array[plane, :, 4 + 2 * plane :] += 4000
    return array


@pytest.fixture
def truth(image):
    return (image >= 4000).astype(np.uint8)


def test_a_map_overlaps_wholly_with_itself():
    labels = make_map([1, 1, 2], [4, 2, 2])
    assert measure_overlap(labels, labels) == 1


def test_each_label_counts_the_same_whatever_its_size():
    # Label 1: 6 pixels of 8; label 2: 1 pixel of 3.
    here, there = make_map([1, 1, 1, 1, 1, 1, 1, 2, 2]), make_map([1, 1, 1, 1, 1, 1, 2, 2, 1])
    assert measure_overlap(here, there) == pytest.approx((6 / 8 + 1 / 3) / 2)


def test_labels_that_come_or_go_count_nothing():
    here, there = make_map([1, 1, 1, 7]), make_map([1, 1, 1, 3])
    assert measure_overlap(here, there) == measure_overlap(there, here) == pytest.approx(1 / 3)


def test_labels_under_other_numbers_do_not_overlap():
    assert measure_overlap(make_map([1, 1, 2]), make_map([2, 2, 1])) == 0


def test_neighbours_lie_one_step_apart_on_any_stack_axis():
    axes = parse_axes("TZYX", (2, 2, 5, 5))
    pairs = [(here[:2], there[:2]) for here, there in list_neighbours(axes)]
    assert pairs == [
        ((0, 0), (1, 0)),
        ((0, 0), (0, 1)),
        ((0, 1), (1, 1)),
        ((1, 0), (1, 1)),
    ]


def test_pixels_of_each_label_are_counted_in_the_foreground_and_in_all():
    counts = count_foreground(make_map([1, 1], [1, 3]), np.array([[1, 0], [1, 1]], bool), 4)
    assert counts.tolist() == [[0, 2, 0, 1], [0, 3, 0, 1]]


def test_labels_that_make_up_the_foreground_score_1():
    assert find_best_dice(np.array([[5, 0, 3], [5, 9, 3]])) == 1


def test_a_label_is_called_foreground_only_where_that_raises_the_dice():
    # 6 of 8 and 2 of 20: with the first alone 2 × 6 / (8 + 8), with both 2 × 8 / (28 + 8).
    assert find_best_dice(np.array([[2, 6], [20, 8]])) == pytest.approx(12 / 16)


def test_the_best_labels_are_found_as_by_trying_all():
    random = np.random.default_rng(0)
    for _ in range(20):
        inside = random.integers(0, 30, 6)
        everywhere = inside + random.integers(1, 30, 6)
        best = max(
            2 * inside[called].sum() / (everywhere[called].sum() + inside.sum())
            for called in (
                np.array([choice >> bit & 1 for bit in range(6)], bool) for choice in range(64)
            )
        )
        assert find_best_dice(np.stack([inside, everywhere])) == pytest.approx(best)


def test_a_truth_without_foreground_scores_0():
    assert find_best_dice(np.array([[0, 0], [4, 5]])) == 0


def test_swapped_labels_cost_dice_for_the_whole_stack_but_not_plane_by_plane():
    counts = [np.array([[0, 4, 0], [0, 4, 4]]), np.array([[0, 0, 4], [0, 4, 4]])]
    assert find_best_dice(np.hstack(counts)) == 1
    # Both labels are half foreground then: 2 × 8 / (16 + 8).
    assert find_best_dice(np.sum(counts, axis=0)) == pytest.approx(2 / 3)


def test_foreground_is_what_is_above_0(truth):
    foreground = read_foreground(parse_axes("TYX", truth.shape), make_stack(truth * 7))
    np.testing.assert_array_equal(list(foreground.values()), truth == 1)


@pytest.mark.parametrize("shape", [(3, 9, 14), (2, 18, 14)])
def test_a_truth_of_other_planes_is_refused(shape):
    axes = parse_axes("TYX", (3, 18, 14))
    with pytest.raises(ImageError, match="one channel and the planes of the image, T=3"):
        read_foreground(axes, make_stack(np.zeros(shape, np.uint8)))


def test_the_truth_overlaps_with_itself_by_foreground_and_background():
    axes = parse_axes("TYX", (2, 1, 4))
    truth = make_stack(np.array([[[0, 0, 0, 1]], [[0, 0, 2, 3]]], np.uint8))
    # Background: 2 of 3; foreground: 1 of 2.
    expected = pytest.approx((2 / 3 + 1 / 2) / 2)
    assert measure_truth(axes, read_foreground(axes, truth)) == expected


def test_a_single_plane_is_refused(image):
    with pytest.raises(ImageError, match="two planes at least; got Y×X segmented"):
        next(compare_ways(make_stack(image[0], "YX"), None, SMALL, 1))


def test_every_way_is_scored_with_every_seed(image, truth):
    stack = make_stack(image)
    foreground = read_foreground(stack.axes, make_stack(truth))
    scores = list(compare_ways(stack, foreground, SMALL, 2))
    ways = ["one", "follow", "each", "unmatched"]
    assert [(each.seed, each.way) for each in scores] == [(s, way) for s in (0, 1) for way in ways]
    for each in scores:
        assert 0 <= each.overlap <= 1
        assert 0 <= each.kept <= 1
        assert 0 < each.dice <= each.dice_by_plane <= 1
        assert each.labels >= 1
    matched, unmatched = scores[2:4]
    assert matched.labels == unmatched.labels
    assert matched.dice_by_plane == unmatched.dice_by_plane


def test_the_table_gives_the_mean_and_the_ends_of_the_seeds():
    row = {"labels": 4, "kept": 0.5, "dice": None, "dice_by_plane": None, "seconds": 2}
    scores = [
        Scores(way=way, seed=seed, overlap=overlap, **row)
        for way in ("one", "follow", "each", "unmatched")
        for seed, overlap in ((0, 0.2), (1, 0.4))
    ]
    line = write_table(scores).splitlines()[2]
    assert line == "| One network | 0.300 (0.200–0.400) | 0.500 (0.500–0.500) | – | – | 4.0 | 2 |"


def write_tiff(path, array):
    tifffile.imwrite(path, array, photometric="minisblack")
    return str(path)


def test_the_command_prints_a_table(image, truth, tmp_path, capsys):
    report = tmp_path / "figures.json"
    files = write_tiff(tmp_path / "raw.tif", image), write_tiff(tmp_path / "labels.tif", truth)
    command = ["benchmark", "consistency", files[0], "--truth", files[1], "--axes", "TYX"]
    command += ["--truth-axes", "TYX", "--seeds", "1", "--json", str(report)]
    with pytest.raises(SystemExit) as end:
        main(command)
    assert end.value.code == 0
    printed = capsys.readouterr().out
    assert [line.split("|")[1].strip() for line in printed.splitlines()[2:6]] == [
        "One network",
        "Follow",
        "Each plane on its own, matched",
        "Each plane on its own, not matched",
    ]
    assert "overlap of the truth with itself: " in printed
    rows = json.loads(report.read_text())["rows"]
    assert [row["way"] for row in rows] == ["one", "follow", "each", "unmatched"]
