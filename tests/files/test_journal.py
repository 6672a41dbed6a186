"""A layer's journal: it gives back what was last written, and says so where it cannot."""

import zlib

import numpy as np
import pytest
import zarr

from napari_dynaseg.errors import FileError
from napari_dynaseg.files import journal
from napari_dynaseg.files.journal import HEAD, Journal, read_head, read_journal
from napari_dynaseg.files.journal_folder import clear_journal
from napari_dynaseg.files.label_state import LayerState

STATE = LayerState(name="cells", scale=(0.5, 2), metadata={"mine": [1, None]})
MAP = np.array([[1, 1, 2], [3, 0, 2]], np.int32)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Let four pixels be a block."""
    monkeypatch.setattr(journal, "BLOCK", 4)


def list_blocks(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != HEAD)


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, ">i8"])
@pytest.mark.parametrize(
    "view",
    [
        lambda labels: labels,
        lambda labels: labels.T,
        lambda labels: labels[None, ::-1],
        lambda labels: labels[:0],
    ],
)
def test_a_layer_comes_back_as_it_was(tmp_path, dtype, view):
    pixels = view(MAP.astype(dtype))
    Journal(tmp_path / "one").write(pixels, STATE)
    back, state = read_journal(tmp_path / "one")
    np.testing.assert_array_equal(back, pixels)
    assert (back.dtype, state) == (pixels.dtype, STATE)
    assert back.flags.writeable


def test_only_blocks_that_changed_are_written_again_and_old_ones_go(tmp_path):
    kept, pixels = Journal(tmp_path / "one"), MAP.copy()
    kept.write(pixels, STATE)
    assert list_blocks(kept.folder) == ["0-1", "1-2"]
    pixels[1, 2] = 7
    kept.write(pixels, STATE.model_copy(update={"name": "other"}))
    assert list_blocks(kept.folder) == ["0-1", "1-3"]
    back, state = read_journal(kept.folder)
    np.testing.assert_array_equal(back, pixels)
    assert state.name == "other"


def test_another_shape_is_written_anew(tmp_path):
    kept = Journal(tmp_path / "one")
    kept.write(MAP, STATE)
    kept.write(MAP.T, STATE)
    np.testing.assert_array_equal(read_journal(kept.folder)[0], MAP.T)


def test_a_failure_leaves_the_journal_as_it_was(tmp_path, monkeypatch):
    kept, pixels = Journal(tmp_path / "one"), MAP.copy()
    kept.write(pixels, STATE)
    pixels[:] = 9
    write_whole = journal.write_whole

    def fail_at_head(path, write):
        if path.name == HEAD:
            raise FileError("the disk is full")
        write_whole(path, write)

    monkeypatch.setattr(journal, "write_whole", fail_at_head)
    with pytest.raises(FileError, match="full"):
        kept.write(pixels, STATE)
    np.testing.assert_array_equal(read_journal(kept.folder)[0], MAP)
    assert list_blocks(kept.folder) == ["0-1", "1-2"]
    monkeypatch.undo()


def test_a_journal_that_was_taken_away_is_written_whole_again(tmp_path):
    kept, pixels = Journal(tmp_path / "one"), MAP.copy()
    kept.write(pixels, STATE)
    clear_journal(kept.folder)
    clear_journal(kept.folder)
    pixels[0, 0] = 5
    kept.write(pixels, STATE)
    np.testing.assert_array_equal(read_journal(kept.folder)[0], pixels)


def test_of_labels_on_disk_only_their_place_and_the_rest_is_kept(tmp_path):
    array = zarr.create_array(tmp_path / "labels.zarr", data=MAP)
    kept = Journal(tmp_path / "one")
    kept.write(tmp_path / "labels.zarr", STATE)
    array[0, 0] = 9
    back, state = read_journal(kept.folder)
    assert (back[0, 0], state) == (9, STATE)
    back[0, 1] = 8
    assert array[0, 1] == 8


def test_labels_that_have_gone_from_the_disk_are_told(tmp_path):
    kept = Journal(tmp_path / "one")
    kept.write(tmp_path / "gone.zarr", STATE)
    with pytest.raises(FileError, match=r"gone\.zarr cannot be read"):
        read_journal(kept.folder)


def spoil_head(folder, **changes):
    head = read_head(folder).model_copy(update=changes)
    (folder / HEAD).write_text(head.model_dump_json())


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda at: (at / HEAD).unlink(), "No such file"),
        (lambda at: (at / HEAD).write_text("{"), "Invalid JSON"),
        (lambda at: (at / HEAD).write_text('{"format": 2}'), "format"),
        (lambda at: (at / "1-2").unlink(), "No such file"),
        (lambda at: (at / "1-2").write_bytes(b"nothing"), "cannot be read"),
        (lambda at: (at / "1-2").write_bytes(zlib.compress(bytes(8))), "not what was written"),
        (lambda at: (at / "1-2").write_bytes(zlib.compress(bytes(7))), "not what was written"),
        (lambda at: spoil_head(at, dtype="<f4"), "holds no labels"),
        (lambda at: spoil_head(at, dtype="nonsense"), "holds no labels"),
        (lambda at: spoil_head(at, shape=(-2, -3)), "holds no labels"),
        (lambda at: spoil_head(at, shape=(10**9, 10**9)), "has 2 blocks"),
        (lambda at: spoil_head(at, layer={"nonsense": 1}), "layer cannot be read"),
    ],
)
def test_what_is_broken_is_told(tmp_path, spoil, message):
    Journal(tmp_path / "one").write(MAP, STATE)
    spoil(tmp_path / "one")
    with pytest.raises(FileError, match=message):
        read_journal(tmp_path / "one")


def test_a_head_names_no_file_elsewhere(tmp_path):
    Journal(tmp_path / "one").write(MAP, STATE)
    head = (tmp_path / "one" / HEAD).read_text().replace('"0-1"', '"../secret"')
    (tmp_path / "one" / HEAD).write_text(head)
    with pytest.raises(FileError, match="file"):
        read_journal(tmp_path / "one")


def test_what_cannot_be_removed_is_told(tmp_path):
    Journal(tmp_path / "one").write(MAP, STATE)
    (tmp_path / "one" / "folder").mkdir()
    with pytest.raises(FileError, match="cannot be removed"):
        clear_journal(tmp_path / "one")
    assert (tmp_path / "one" / HEAD).exists()
