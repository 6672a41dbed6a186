"""Label maps on disk: written in any order, by several processes, and whole after any kill."""

import json
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import zarr

from napari_dynaseg.errors import FileError, ImageError
from napari_dynaseg.files import label_store
from napari_dynaseg.files.label_store import LabelStore
from napari_dynaseg.image.axes import parse_axes, read_axes

RECIPE = {"settings": {"mu": 5.0, "scheme": "SCF"}, "planes": [1, 2]}
STACK = parse_axes("TZYX", (2, 3, 5, 4))

# Opens the store at a path, and writes the missing planes of its share. At a numbered one of the
# moments at which a file is about to be put into place it says so, and waits to be released.
WRITER = """
import sys
from pathlib import Path
import numpy as np
from napari_dynaseg.files import label_store
from napari_dynaseg.files import ome_labels
from napari_dynaseg.image.axes import parse_axes

path, share, stop = Path(sys.argv[1]), slice(*map(int, sys.argv[2:4])), int(sys.argv[4])
ome_labels.LARGEST_WHOLE_SIDE, ome_labels.CHUNK_SIDE = 4, 3
moment = 0

def stall(method):
    def stalling(self, *arguments, **options):
        global moment
        moment += 1
        if moment == stop:
            print("now", flush=True)
            sys.stdin.readline()
        return method(self, *arguments, **options)
    return stalling

for name in ("replace", "rename", "touch"):
    setattr(Path, name, stall(getattr(Path, name)))

axes = parse_axes("YCTX", (5, 2, 3, 4))
store = label_store.LabelStore.open_or_create(path, axes, {"mu": 5})
if share.start == 0 and store.read_note("network") is None:
    store.write_note("network", b"weights")
for position in list(axes.list_positions())[share]:
    if not store.is_finished(position):
        store.write_plane(position, np.full((5, 4), position[2], np.int32))
if share.start == 0:
    store.remove_note("network")
print(moment)
"""


def start_writer(path, share=(0, 3), stop=0):
    command = [sys.executable, "-c", WRITER, path, *map(str, share), str(stop)]
    writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if stop:
        assert writer.stdout.readline() == "now\n"
    return writer


def kill_writer(path, stop):
    with start_writer(path, stop=stop) as writer:
        writer.kill()


def finish_writer(writer):
    """Release a writer, and give how many moments it had."""
    with writer:
        told, _ = writer.communicate("\n", timeout=120)
    assert writer.returncode == 0
    return int(told)


def read_files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def draw_labels(axes, seed=0):
    return np.random.default_rng(seed).integers(0, 9, axes.plane_shape, np.int32)


@pytest.fixture
def store(tmp_path):
    return LabelStore.create(tmp_path / "labels.zarr", STACK, RECIPE)


@pytest.mark.parametrize(
    ("letters", "shape", "stored"),
    [
        ("YX", (5, 4), (5, 4)),
        ("XY", (4, 5), (4, 5)),
        ("CYX", (2, 5, 4), (1, 5, 4)),
        ("YXS", (5, 4, 3), (5, 4)),
        ("TZYX", (2, 3, 5, 4), (2, 3, 5, 4)),
        ("TCZYX", (2, 2, 3, 5, 4), (2, 1, 3, 5, 4)),
        ("XTYC", (4, 3, 5, 2), (4, 3, 5, 1)),
        ("YXT", (5, 4, 3), (5, 4, 3)),
        ("PTZQYX", (1, 2, 1, 2, 5, 4), (1, 2, 1, 2, 5, 4)),
    ],
)
def test_planes_come_back_in_any_order_of_axes(tmp_path, letters, shape, stored):
    axes = parse_axes(letters, shape)
    planes = {
        position: draw_labels(axes, seed) for seed, position in enumerate(axes.list_positions())
    }
    store = LabelStore.create(tmp_path / "labels.zarr", axes, RECIPE)
    for position, labels in reversed(planes.items()):
        store.write_plane(position, labels)
    opened = LabelStore.open(tmp_path / "labels.zarr")
    assert (opened.axes, opened.recipe, opened.list_missing()) == (axes, RECIPE, [])
    assert (opened.array.shape, opened.array.dtype) == (stored, np.int32)
    for position, labels in planes.items():
        np.testing.assert_array_equal(opened.read_plane(position), labels)


def test_the_array_has_the_order_of_the_data(tmp_path):
    axes = parse_axes("XTCY", (4, 3, 2, 5))
    labels = draw_labels(axes)
    store = LabelStore.create(tmp_path / "labels.zarr", axes, RECIPE)
    store.write_plane((None, 1, None, None), labels)
    np.testing.assert_array_equal(store.array[:, 1, 0], labels.T)


def test_a_new_store_has_no_plane_and_reads_as_zero(store):
    assert store.list_missing() == list(STACK.list_positions())
    assert not store.is_finished((1, 2, None, None))
    assert not store.read_plane((1, 2, None, None)).any()


def test_the_missing_planes_are_listed_in_order(store):
    for position in [(1, 0, None, None), (0, 1, None, None)]:
        store.write_plane(position, draw_labels(STACK))
        assert store.is_finished(position)
    assert [position[:2] for position in store.list_missing()] == [(0, 0), (0, 2), (1, 1), (1, 2)]


def test_a_plane_of_nothing_but_zero_is_finished_too(store):
    store.write_plane((0, 0, None, None), np.zeros((5, 4), np.int32))
    assert LabelStore.open(store.path).is_finished((0, 0, None, None))
    assert not store.read_plane((0, 0, None, None)).any()


def test_a_plane_can_be_written_anew_even_with_zero(store):
    store.write_plane((0, 0, None, None), draw_labels(STACK))
    store.write_plane((0, 0, None, None), np.zeros((5, 4), np.int32))
    assert not LabelStore.open(store.path).read_plane((0, 0, None, None)).any()


def test_what_is_painted_in_the_array_is_on_disk(store):
    store.write_plane((0, 1, None, None), draw_labels(STACK))
    store.array[0, 1, 2:4, 1] = 77
    labels = LabelStore.open(store.path).read_plane((0, 1, None, None))
    np.testing.assert_array_equal(labels[2:4, 1], [77, 77])
    np.testing.assert_array_equal(labels[:2], draw_labels(STACK)[:2])


def test_a_store_can_be_sent_to_another_process(store):
    pickle.loads(pickle.dumps(store)).write_plane((0, 0, None, None), draw_labels(STACK))
    np.testing.assert_array_equal(store.read_plane((0, 0, None, None)), draw_labels(STACK))


@pytest.mark.parametrize(
    ("shape", "chunks"),
    [
        ((3, 2048, 2000), (1, 2048, 2000)),
        ((3, 2049, 2000), (1, 1024, 1024)),
        ((3, 100, 5000), (1, 100, 1024)),
    ],
)
def test_a_plane_is_one_chunk_and_a_large_one_several(tmp_path, shape, chunks):
    store = LabelStore.create(tmp_path / "labels.zarr", parse_axes("TYX", shape), RECIPE)
    assert store.array.chunks == chunks


def test_any_reader_of_ome_zarr_finds_what_it_needs(tmp_path):
    path = tmp_path / "labels.zarr"
    axes = parse_axes("TCYX", (3, 2, 5, 4))
    units = ("second", "", "micrometer", "micrometer")
    LabelStore.create(path, axes, RECIPE, scale=(2.0, 1.0, 0.5, 0.5), units=units)
    group = zarr.open_group(path, mode="r", zarr_format=3)
    ome = group.attrs["ome"]
    image = ome["multiscales"][0]
    array = group[image["datasets"][0]["path"]]
    assert (ome["version"], ome["image-label"]) == ("0.5", {"version": "0.5"})
    assert [axis["name"] for axis in image["axes"]] == list(array.metadata.dimension_names)
    assert image["datasets"][0]["coordinateTransformations"][0]["scale"] == [2.0, 1.0, 0.5, 0.5]
    assert group.attrs["dynaseg_recipe"] == RECIPE
    assert (array.fill_value, array.compressors) == (0, (zarr.codecs.ZstdCodec(),))


def test_our_own_files_are_no_part_of_the_group(store):
    store.write_plane((0, 0, None, None), draw_labels(STACK))
    store.write_note("network", b"weights")
    group = zarr.open_group(store.path, mode="r")
    assert [name for name, _ in group.members(max_depth=None)] == ["0"]


def test_a_run_resumes_where_it_was_left(store):
    store.write_plane((0, 0, None, None), draw_labels(STACK))
    resumed = LabelStore.open_or_create(store.path, STACK, RECIPE)
    assert (0, 0, None, None) not in resumed.list_missing()
    np.testing.assert_array_equal(resumed.read_plane((0, 0, None, None)), draw_labels(STACK))


def test_a_recipe_of_tuples_is_the_same_recipe(store):
    LabelStore.open_or_create(store.path, STACK, {**RECIPE, "planes": (1, 2)})


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"recipe": {**RECIPE, "planes": [1]}}, r"recipe\.planes is \[1, 2\] there and \[1\] here"),
        (
            {"recipe": {**RECIPE, "settings": {"mu": 10.0, "scheme": "FSF"}}},
            r"recipe\.settings\.mu is 5\.0 there and 10\.0 here; "
            r"recipe\.settings\.scheme is 'SCF' there and 'FSF' here$",
        ),
        ({"recipe": {**RECIPE, "seed": 1}}, r"recipe\.seed is 'nothing' there and 1 here"),
        (
            {"axes": parse_axes("TZYX", (2, 4, 5, 4))},
            r"labels\.zarr was made for something else: "
            r"axes\.sizes is \[2, 3, 5, 4\] there and \[2, 4, 5, 4\] here$",
        ),
        (
            {"axes": read_axes(STACK.sizes, "tzyx", (1, 3))},
            r"axes\.plane is \[2, 3\] there and \[1, 3\] here",
        ),
    ],
)
def test_a_store_of_something_else_is_refused_and_what_differs_is_told(store, changed, told):
    before = read_files(store.path)
    with pytest.raises(FileError, match=told):
        LabelStore.open_or_create(store.path, **{"axes": STACK, "recipe": RECIPE, **changed})
    assert read_files(store.path) == before


def test_a_store_goes_on_under_other_names_and_keeps_the_size_of_a_pixel_it_has(store):
    axes = read_axes(STACK.sizes, ("", "", "y", "x"), STACK.plane, channel=STACK.channel)
    scale = (1.0, 1.0, 0.5, 0.5)
    again = LabelStore.open_or_create(store.path, axes, RECIPE, scale=scale)
    assert again.description == store.description


@pytest.mark.parametrize("make", [LabelStore.create, LabelStore.open_or_create])
def test_nothing_that_exists_is_overwritten(tmp_path, make):
    folder, file = tmp_path / "folder.zarr", tmp_path / "file.zarr"
    folder.mkdir()
    (folder / "thesis.txt").write_text("all of it")
    file.write_text("all of it")
    before = read_files(tmp_path)
    for path in (folder, file):
        with pytest.raises(FileError, match=rf"{path.name} (exists already|is no store of labels)"):
            make(path, STACK, RECIPE)
    assert read_files(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("labels.tif", r"must end in \.zarr; got .*labels\.tif"),
        ("s3://bucket/labels.zarr", "local folders only; got s3:/bucket"),
    ],
)
def test_only_a_local_zarr_is_created(tmp_path, monkeypatch, name, told):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileError, match=told):
        LabelStore.create(Path(name), STACK, RECIPE)
    assert list(tmp_path.iterdir()) == []


def test_a_scale_of_another_length_is_refused(tmp_path):
    with pytest.raises(ImageError, match=r"scale must have one entry for each axis; got \(1\.0,\)"):
        LabelStore.create(tmp_path / "labels.zarr", STACK, RECIPE, scale=(1.0,))


def test_what_is_no_store_is_told_so(tmp_path):
    zarr.create_group(tmp_path / "plain.zarr")
    (tmp_path / "broken.zarr").mkdir()
    (tmp_path / "broken.zarr" / "zarr.json").write_text("{")
    with pytest.raises(FileError, match=r"none\.zarr is no store of labels: .*does not exist"):
        LabelStore.open(tmp_path / "none.zarr")
    with pytest.raises(FileError, match=r"plain\.zarr is no .*: there is no 'dynaseg_store' in it"):
        LabelStore.open(tmp_path / "plain.zarr")
    with pytest.raises(FileError, match=r"broken\.zarr is no store of labels: ."):
        LabelStore.open(tmp_path / "broken.zarr")
    assert not (tmp_path / "none.zarr").exists()


def test_a_store_of_a_newer_format_is_refused(store):
    file = store.path / "zarr.json"
    group = json.loads(file.read_text())
    group["attributes"]["dynaseg_store"] |= {"format": 2, "colours": "many"}
    file.write_text(json.dumps(group))
    with pytest.raises(FileError, match=r"labels\.zarr .*format: Input should be 1; got 2"):
        LabelStore.open(store.path)


def test_an_array_of_another_shape_is_refused(store):
    store.array.resize((2, 3, 5, 5))
    with pytest.raises(FileError, match=r"expected an array of int32, shape \(2, 3, 5, 4\)"):
        LabelStore.open(store.path)


@pytest.mark.parametrize(
    "position",
    [(0, 3, None, None), (-1, 0, None, None), (0, None, None, None), (0, 0, 0, None), (0, 0)],
)
def test_a_position_outside_the_stack_is_refused(store, position):
    with pytest.raises(ImageError, match=r"is no plane of T=2 · Z=3 · Y×X segmented"):
        store.write_plane(position, draw_labels(STACK))
    with pytest.raises(ImageError, match="is no plane"):
        store.read_plane(position)


def test_a_plane_of_another_shape_is_refused(store):
    with pytest.raises(ImageError, match=r"has shape \(5, 4\); got \(4, 5\)"):
        store.write_plane((0, 0, None, None), draw_labels(STACK).T)
    assert not store.is_finished((0, 0, None, None))


def test_a_plane_that_cannot_be_read_is_named(store):
    store.write_plane((1, 2, None, None), draw_labels(STACK))
    (store.path / "0/c/1/2/0/0").write_bytes(b"no zstd")
    with pytest.raises(FileError, match=r"labels\.zarr: T=1, Z=2 cannot be read: ."):
        store.read_plane((1, 2, None, None))


def test_a_plane_that_cannot_be_written_is_not_finished(store):
    store.write_plane((1, 2, None, None), draw_labels(STACK))
    (store.path / "0/c").rename(store.path / "0/d")
    (store.path / "0/c").touch()
    with pytest.raises(FileError, match=r"labels\.zarr cannot be written: ."):
        store.write_plane((1, 2, None, None), draw_labels(STACK))
    assert not store.is_finished((1, 2, None, None))


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match=r"labels\.zarr cannot be written: ."):
        LabelStore.open_or_create(tmp_path / "file" / "labels.zarr", STACK, RECIPE)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such limits")
def test_a_full_disk_is_told_and_leaves_no_half_file(tmp_path, store):
    import resource

    store.write_note("network", b"old")
    before = read_files(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(FileError, match=r"labels\.zarr cannot be written: .*too large"):
            store.write_plane((0, 0, None, None), draw_labels(STACK))
        with pytest.raises(FileError, match=r"network cannot be written: .*too large"):
            store.write_note("network", b"new")
        with pytest.raises(FileError, match=r"other\.zarr cannot be written: .*too large"):
            LabelStore.create(tmp_path / "other.zarr", STACK, RECIPE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert read_files(tmp_path) == before
    assert store.read_note("network") == b"old"
    assert not store.is_finished((0, 0, None, None))


def test_notes_are_kept_replaced_and_removed(store):
    assert store.read_note("network") is None
    store.write_note("network", b"weights")
    store.write_note("network", b"better weights")
    store.write_note("network.0", b"others")
    assert LabelStore.open(store.path).read_note("network") == b"better weights"
    store.remove_note("network")
    store.remove_note("network")
    assert store.read_note("network") is None
    assert store.read_note("network.0") == b"others"


def test_a_note_that_cannot_be_read_or_removed_is_named(store):
    (store.path / label_store.NOTES / "network").mkdir(parents=True)
    with pytest.raises(FileError, match=r"network cannot be read: ."):
        store.read_note("network")
    with pytest.raises(FileError, match=r"network cannot be written: ."):
        store.remove_note("network")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The files of a store that one process wrote without a break."""
    path = tmp_path_factory.mktemp("undisturbed") / "labels.zarr"
    moments = finish_writer(start_writer(path))
    # Two files or more of a new store, its renaming, the note; for two planes four chunks, of
    # which two reach over the edge; none for the plane of zeros; and three marks.
    assert moments >= 2 + 1 + 1 + 2 * 4 + 3
    return read_files(path)


def test_a_run_killed_again_and_again_comes_to_the_very_same_files(tmp_path, undisturbed):
    path = tmp_path / "labels.zarr"
    halves = 0
    for stop in (1, 3, 5, 4, 4, 3, 2):
        kill_writer(path, stop)
        halves += len(list(tmp_path.rglob("*.partial")))
        check_finished_planes(path)
    assert halves
    finish_writer(start_writer(path))
    assert read_files(path) == undisturbed
    assert list(tmp_path.iterdir()) == [path]


def check_finished_planes(path):
    if path.exists():
        store = LabelStore.open(path)
        for position in set(store.axes.list_positions()) - set(store.list_missing()):
            assert (store.read_plane(position) == position[2]).all()


@pytest.mark.parametrize("stop", [1, 3, 7, 10])
def test_a_second_process_writes_other_planes_at_any_moment(tmp_path, undisturbed, stop):
    path = tmp_path / "labels.zarr"
    first = start_writer(path, (0, 2), stop)
    finish_writer(start_writer(path, (2, 3)))
    finish_writer(first)
    assert read_files(path) == undisturbed


def test_two_processes_write_at_once(tmp_path, undisturbed):
    path = tmp_path / "labels.zarr"
    for writer in [start_writer(path, (0, 2)), start_writer(path, (2, 3))]:
        finish_writer(writer)
    assert read_files(path) == undisturbed


def test_what_a_kill_left_of_painting_is_cleared_away_too(store):
    store.write_plane((0, 0, None, None), draw_labels(STACK))
    before = read_files(store.path)
    (store.path / f"0/c/0/0/0/0.{'a' * 32}.partial").write_bytes(b"half")
    LabelStore.open_or_create(store.path, STACK, RECIPE)
    assert read_files(store.path) == before


def test_a_plane_that_is_shown_and_written_at_once_is_whole_and_shown_no_more_when_finished(
    tmp_path,
):
    axes = parse_axes("ZYX", (2, 256, 256))
    store = LabelStore.create(tmp_path / "labels.zarr", axes, RECIPE)
    shown, written = np.ones((256, 256), np.int32), np.full((256, 256), 2, np.int32)
    position = (1, None, None)

    def show():
        for _ in range(60):
            store.show_plane(position, shown)

    with ThreadPoolExecutor() as pool:
        showing = pool.submit(show)
        for _ in range(20):
            store.write_plane(position, written)
        showing.result()
    np.testing.assert_array_equal(store.read_plane(position), written)
