"""A results file keeps what was measured, whatever ended the measurement."""

import pytest
from benchmarks.result_lines import ResultLines

from napari_dynaseg.errors import FileError


def test_lines_are_read_back_and_go_on(tmp_path):
    path = tmp_path / "new" / "runs.jsonl"
    ResultLines(path).append({"run": 1})
    again = ResultLines(path)
    again.append({"run": 2})
    assert again.lines == [{"run": 1}, {"run": 2}]
    assert path.read_text() == '{"run": 1}\n{"run": 2}\n'


def test_a_line_broken_off_by_a_kill_is_dropped(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_text('{"run": 1}\n{"ru')
    kept = ResultLines(path)
    assert kept.lines == [{"run": 1}]
    kept.append({"run": 2})
    assert path.read_text() == '{"run": 1}\n{"run": 2}\n'


@pytest.mark.parametrize("text", ["a diary", '{"run": 1}\na diary', "a diary\n"])
def test_another_file_is_refused_and_left_as_it_was(tmp_path, text):
    path = tmp_path / "diary.txt"
    path.write_text(text)
    with pytest.raises(FileError, match=r"diary.txt is no file of this comparison"):
        ResultLines(path)
    assert path.read_text() == text


def test_without_a_file_lines_are_kept_in_memory():
    kept = ResultLines(None)
    kept.append({"run": 1})
    assert kept.lines == [{"run": 1}]


def test_a_place_that_takes_no_file_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be written"):
        ResultLines(tmp_path / "file" / "runs.jsonl").append({})
