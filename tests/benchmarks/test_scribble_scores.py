"""What scribbles are worth is measured as it is told."""

import numpy as np
import pytest
from PIL import Image

from benchmarks import scribble_scores
from benchmarks.scribble_scores import draw_strokes, measure_scribbles, score_classes
from napari_dynaseg.errors import FileError
from napari_dynaseg.settings import Settings

SMALL = Settings(channels=8, iterations=20, minimum_labels=1, device="cpu", refine_iterations=5)


def test_strokes_lie_inside_a_region_across_and_down_through_its_widest_places():
    region = np.zeros((40, 60), bool)
    region[5:25, 10:50] = True
    one, two = draw_strokes(region, 1), draw_strokes(region, 2)
    assert one.any()
    assert not (two & ~region).any()
    rows, columns = np.nonzero(one)
    assert (np.ptp(rows), np.ptp(columns) > 15) == (4, True)
    assert (two & ~one).any()


def test_the_best_label_of_a_class_counts_where_nothing_was_scribbled():
    truth = np.array([[1, 1, 1, 2, 0]], np.int32)
    labels = np.array([[5, 5, 7, 7, 5]], np.int32)
    assert score_classes(labels, truth, is_named=False) == pytest.approx({1: 2 / 3, 2: 1 / 2})
    named = np.array([[1, 1, 2, 2, 1]], np.int32)
    assert score_classes(named, truth, is_named=True) == pytest.approx({1: 2 / 3, 2: 1 / 2})


@pytest.fixture
def folder(tmp_path):
    """Write a picture of two halves, with a scribble on each and a void edge between them."""
    picture = np.full((24, 32, 3), 40, np.uint8)
    picture[:, 16:] = 200
    drawn = np.full((24, 32), 255, np.uint8)
    drawn[4:20, 6], drawn[4:20, 26] = 0, 3
    truth = np.zeros((24, 32), np.uint8)
    truth[:, 16:] = 3
    truth[:, 15:17] = 255
    Image.fromarray(picture).save(tmp_path / "halves.jpg", quality=100)
    Image.fromarray(drawn).save(tmp_path / "halves_scribble.png")
    Image.fromarray(truth).save(tmp_path / "halves_gt_class.png")
    return tmp_path


def test_scribbles_and_a_correction_are_scored_by_class(folder):
    # So small a network is a lottery: on this plane the published edge draws a good start.
    (scores,) = measure_scribbles(folder, SMALL.change(scribble_weight=4, padding="zeros"))
    assert scores.image == "halves"
    assert 0 < scores.without <= 1
    assert scores.scribbled > 0.8
    assert scores.corrected >= 0.8


def test_the_command_prints_a_row_an_image_and_the_means(folder, call, monkeypatch):
    monkeypatch.setattr("benchmarks.commands.Settings", lambda **_: SMALL)
    status, out, _ = call("scribbles", folder)
    head, row, means = out.splitlines()
    assert status == 0
    assert head.split() == ["image", "without", "scribbled", "corrected"]
    assert row.split()[0] == "halves"
    assert means.startswith("mean: without")


def test_a_folder_of_something_else_is_told(tmp_path):
    with pytest.raises(FileError, match=r"\*_scribble\.png beside them; found none"):
        next(measure_scribbles(tmp_path, SMALL))


def test_refining_prints_what_two_strokes_on_the_worst_segment_did(root, call, monkeypatch):
    monkeypatch.setattr("benchmarks.commands.Settings", lambda **_: SMALL)
    monkeypatch.setattr(scribble_scores, "LARGEST_SHARE", 0.9)
    status, out, _ = call("refining", root)
    head, *rows, means = out.splitlines()
    assert status == 0
    assert head.split() == ["image", "before", "after", "others", "seconds"]
    assert [row.split()[0] for row in rows] == ["0.jpg", "1.jpg"]
    assert means.startswith("mean: before")


def test_images_without_a_segment_of_fitting_size_are_told(root, call, monkeypatch):
    monkeypatch.setattr("benchmarks.commands.Settings", lambda **_: SMALL)
    status, _, err = call("refining", root)
    assert status == 2
    assert "none of the images has a segment of 2 to 30 %" in err
