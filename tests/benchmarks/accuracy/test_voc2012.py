"""VOC2012: which parts of a mask are segments, and what is left out."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.accuracy.voc2012 import Voc2012, find_segments
from napari_dynaseg.errors import FileError
from napari_dynaseg.peers import Outcome


@pytest.fixture
def voc(tmp_path):
    """Write two images with masks of classes, the first with one of objects too."""
    for name in ("JPEGImages", "SegmentationClass", "SegmentationObject"):
        (tmp_path / name).mkdir()
    classes = np.array([[0, 15, 15, 255]], np.uint8).repeat(10, 0).repeat(10, 1)
    objects = np.array([[0, 1, 2, 255]], np.uint8).repeat(10, 0).repeat(10, 1)
    for name in ("one", "two"):
        Image.new("RGB", (40, 10)).save(tmp_path / "JPEGImages" / f"{name}.jpg")
        Image.fromarray(classes).save(tmp_path / "SegmentationClass" / f"{name}.png")
    Image.fromarray(objects).save(tmp_path / "SegmentationObject" / "one.png")
    return tmp_path


def test_objects_are_segments_where_they_are_known_else_components_of_classes(voc):
    outcome = Outcome(np.array([[1, 2, 3, 4]], np.int32).repeat(10, 0).repeat(10, 1))
    one, two = (Voc2012(voc).score(name, outcome, "scf")["maps"][0] for name in ("one", "two"))
    assert one["overlaps"] == [1, 1, 1]
    assert two["overlaps"] == [1, 0.5]
    assert two["sizes"] == [100, 200]
    whole = Voc2012(voc, whole_classes=True)
    assert whole.score("one", outcome, "scf")["maps"][0]["overlaps"] == [1, 0.5]
    assert whole.name == "voc2012 all classes"


def test_void_parts_nothing_and_counts_nowhere():
    mask = np.array([[3, 3, -1, 3, 0]])
    assert find_segments(mask, "components", 1).tolist() == [[0, 0, -1, 1, 2]]


def test_crumbs_of_classes_and_background_are_left_out_but_no_object_is():
    mask = np.array([[0, 0, 0, 5, 5, 5, -1, 0, 6]])
    assert find_segments(mask, "components", 2).tolist() == [[0, 0, 0, 1, 1, 1, -1, -1, -1]]
    assert find_segments(mask, "objects", 2).tolist() == [[0, 0, 0, 1, 1, 1, -1, -1, 2]]


def test_a_class_in_two_parts_can_be_one_segment():
    mask = np.array([[0, 5, 0, -1]])
    assert find_segments(mask, "classes").tolist() == [[0, 1, 0, -1]]


def test_every_image_with_a_mask_counts_or_those_of_a_list(voc, tmp_path):
    assert Voc2012(voc).list_names() == ["one", "two"]
    assert Voc2012(voc).read_plane("one").shape == (3, 10, 40)
    names = tmp_path / "val.txt"
    names.write_text("two 1\n\n")
    assert Voc2012(voc, names).list_names() == ["two"]
    assert Voc2012(voc, names).name == "voc2012 val"
    assert Voc2012(voc).name == "voc2012 all"


def test_an_empty_or_missing_list_is_named(voc, tmp_path):
    names = tmp_path / "none.txt"
    with pytest.raises(FileError, match=r"none.txt cannot be read"):
        Voc2012(voc, names).list_names()
    names.write_text("")
    with pytest.raises(FileError, match=r"none.txt must name images of VOC2012; found none"):
        Voc2012(voc, names).list_names()


def test_a_mask_that_is_missing_is_named(voc):
    with pytest.raises(FileError, match=r"three.png cannot be read"):
        Voc2012(voc).score("three", Outcome(np.ones((2, 4), np.int32)), "scf")


def test_the_command_prints_the_papers_last_column(voc, call):
    rest = ["--methods", "graph", "--processes", 1, "--limit", 1]
    status, out, _ = call("accuracy", "voc2012", voc, *rest)
    assert status == 0
    assert "| graph | 0.286 | 0.333 | +0.047 |" in out


def test_a_list_that_is_no_text_is_named(voc, call):
    (voc / "list.txt").write_bytes(b"\xff\xfe\xfd")
    status, _, err = call("accuracy", "voc2012", voc, "--list", voc / "list.txt")
    assert status == 2
    assert "list.txt cannot be read" in err
