"""Files and folders are written whole, or what was there before stays as it was."""

import pytest

from napari_dynaseg.errors import FileError
from napari_dynaseg.recipes.writing import write_whole


def write_folder(text):
    def write(part):
        part.mkdir()
        (part / "inside").write_text(text)

    return write


def test_a_file_takes_the_place_of_another(tmp_path):
    goal = tmp_path / "new" / "a.txt"
    for text in ("one", "two"):
        write_whole(goal, lambda part, text=text: part.write_text(text))
        assert goal.read_text() == text
    assert list(goal.parent.iterdir()) == [goal]


def test_a_folder_takes_the_place_of_another(tmp_path):
    for text in ("one", "two"):
        write_whole(tmp_path / "a", write_folder(text))
        assert (tmp_path / "a" / "inside").read_text() == text
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_fails_leaves_what_was_there(tmp_path, kind):
    def fail(part):
        write_folder("two")(part) if kind == "folder" else part.write_text("two")
        raise OSError("the disk is full")

    write_whole(tmp_path / "a", write_folder("one"))
    with pytest.raises(FileError, match=r"a cannot be written: the disk is full"):
        write_whole(tmp_path / "a", fail)
    assert (tmp_path / "a" / "inside").read_text() == "one"
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]
