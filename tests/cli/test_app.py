"""The command line: what it does, and one line and exit status 2 for bad input."""

import runpy
import sys

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

from napari_dynaseg import Settings
from napari_dynaseg import segment as segment_array
from napari_dynaseg.cli import batch
from napari_dynaseg.counting import write_count
from napari_dynaseg.files.label_store import LabelStore
from napari_dynaseg.files.plain_labels import read_labels, write_labels
from napari_dynaseg.image.stored_array import LazyArray
from napari_dynaseg.recipes.recipe import OLD_KNOBS
from napari_dynaseg.recipes.trained_network import TrainedNetwork

QUICK = ("--channels", "8", "--iterations", "2", "--device", "cpu")
ERROR = "napari-dynaseg: error: "


@pytest.fixture
def call(run_command):
    return run_command


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "cells.png"
    imageio.imwrite(path, np.random.default_rng(0).integers(0, 256, (12, 10), np.uint8))
    return path


@pytest.fixture
def stack_file(tmp_path):
    """A stack of 4 times and 3 depths, of 2 channels."""
    path = tmp_path / "stack.tif"
    pixels = np.random.default_rng(0).integers(0, 4000, (4, 3, 2, 9, 8)).astype(np.uint16)
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "TZCYX"})
    return path


def keep_errors(err):
    """Give the lines that are ours: the progress bar names each image beside them."""
    return [line for line in err.splitlines() if line.startswith("napari-dynaseg: ")]


def test_an_image_becomes_a_label_file(call, image, tmp_path):
    status, out, err = call("segment", "cells.png", "-o", "labels.tif", *QUICK)
    labels = read_labels(tmp_path / "labels.tif")[0]
    count = write_count(len(np.unique(labels)), "label")
    assert (status, out) == (0, f"cells.png: {count} after 2 iterations -> labels.tif\n")
    assert keep_errors(err) == []
    assert labels.shape == (12, 10)


def test_the_options_reach_the_recipe(call, image, tmp_path):
    options = ("--scheme", "fsf", "--mu", "7.5", "--seed", "4", "--minimum-labels", "2")
    assert call("segment", "cells.png", "-o", "labels.tif", *QUICK, *options)[0] == 0
    expected = Settings(
        scheme="fsf", mu=7.5, seed=4, minimum_labels=2, channels=8, iterations=2, device="cpu"
    )
    assert read_labels(tmp_path / "labels.tif")[1].settings == expected.model_dump()


@pytest.mark.parametrize("goal", ["out.tif", "out.ome.zarr"])
def test_the_scheme_auto_is_no_more_and_says_what_took_its_place(call, image, goal):
    status, out, err = call("segment", "cells.png", "--scheme", "auto", "-o", goal)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"{ERROR}the scheme auto is no more: its regions are result='regions'")


def test_result_and_detail_reach_the_labels_and_the_recipe(call, tmp_path):
    random = np.random.default_rng(0)
    waves = np.kron(random.random((16, 16)), np.ones((16, 16))) + 0.1 * random.random((256, 256))
    tifffile.imwrite(tmp_path / "waves.tif", (50_000 * waves / waves.max()).astype(np.uint16))
    counts = []
    for detail in ("30", "80"):
        options = ("--result", "regions", "--detail", detail, "--device", "cpu")
        assert call("segment", "waves.tif", "-o", f"{detail}.tif", *options)[0] == 0
        labels, recipe = read_labels(tmp_path / f"{detail}.tif")
        assert (recipe.settings["result"], recipe.settings["detail"]) == ("regions", float(detail))
        counts.append(len(np.unique(labels)))
    assert counts[0] < counts[1]


def test_a_preview_is_drawn_where_asked(call, image, tmp_path):
    out = ("-o", "labels.tif", "--preview", "look.png")
    assert call("segment", "cells.png", *out, *QUICK)[0] == 0
    assert imageio.imread(tmp_path / "look.png").shape == (12, 10, 3)


def test_every_knob_is_an_option(call):
    status, out, _ = call("segment", "--help")
    assert status == 0
    assert all(f"--{name.replace('_', '-')} " in out for name in Settings.model_fields)


def test_help_lists_the_commands_and_so_does_no_argument(call):
    status, out, _ = call("--help")
    assert status == 0
    assert all(command in out for command in ("segment", "info", "demo", "benchmark"))
    assert call() == (0, out, "")


def test_a_folder_gives_a_folder_of_outputs(call, image, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "in" / name).write_bytes(image.read_bytes())
    status, out, _ = call("segment", "in", "-o", "out", "--preview", "out", *QUICK)
    assert status == 0
    assert len(out.splitlines()) == 2
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "a_labels.tif",
        "a_preview.png",
        "b_labels.tif",
        "b_preview.png",
    ]


def test_an_output_that_is_there_is_kept(call, image, tmp_path):
    (tmp_path / "labels.tif").write_text("dear")
    status, out, _ = call("segment", "cells.png", "-o", "labels.tif", *QUICK)
    assert (status, out) == (0, "cells.png: kept labels.tif, which is there already\n")
    assert (tmp_path / "labels.tif").read_text() == "dear"


def test_an_output_that_is_there_is_replaced_when_asked(call, image, tmp_path):
    (tmp_path / "labels.tif").write_text("cheap")
    assert call("segment", "cells.png", "-o", "labels.tif", "--overwrite", *QUICK)[0] == 0
    assert read_labels(tmp_path / "labels.tif")[0].shape == (12, 10)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("segment none.png -o out.tif", "none.png does not exist"),
        ("segment notes.txt -o out.tif", "notes.txt is no image file; expected .tif, "),
        ("segment empty -o out", "empty holds no image; expected .tif, "),
        ("segment cells.png -o out.png", "out.png must be a folder or end in .tif or .tiff"),
        ("segment cells.png twin.png -o out.tif", "out.tif is one file, but there are several"),
        ("segment cells.png cells.jpg -o out", "cells.png and cells.jpg would share one output"),
        ("segment cells.png -o out.tif --mu -1", "mu must be a number from 0.01 to 10000; got"),
        ("segment cells.png -o out.tif --mu nan", "mu must be a number from 0.01 to 10000; got"),
        ("segment cells.png -o out.tif --mu big", "mu must be a number from 0.01 to 10000; got"),
        ("segment cells.png -o out.tif --seed 1.5", "seed must be a whole number from 0 to"),
        ("segment cells.png -o out.tif --scheme dice", "scheme must be one of 'scf', 'fsf',"),
        ("segment cells.png -o out.tif --channels 3", "minimum_labels must be below channels"),
        ("segment cells.png -o out.tif --epochs 3", "No such option"),
        ("segment cells.png -o out.tif --plane T=1", "--plane means nothing for labels that do"),
        ("segment cells.png -o out.tif --range T=1:", "--range means nothing for labels that do"),
        ("segment cells.png -o out.tif --workers 2", "--workers means nothing for labels that"),
        ("segment cells.png -o out.tif --scheduler a:1", "--scheduler means nothing for labels"),
        ("segment s3://a/b.zarr -o out.tif", "s3://a/b.zarr is no file of one plane; give an"),
        ("segment cells.png -o out.tif --network a.x", "a.x cannot be read: "),
        ("segment cells.png -o out.tif --save-network a.x", "a network is kept in a file that"),
        ("segment cells.png twin.png -o out.zarr", "out.zarr takes the labels of one stack; got 2"),
        ("segment none.tif -o out.zarr", "none.tif: it does not exist"),
        ("segment cells.png -o out.zarr --preview a.png", "--preview means nothing for labels"),
        ("segment cells.png -o out.zarr --plane T=1", "expected each of no axis (it is one plane)"),
        ("segment cells.png -o out.zarr --axes TYX", "cells.png: axes must be 2 different letters"),
        ("segment cells.png -o out.zarr --level 1", "cells.png: it has no level 1; expected 0"),
        ("segment cells.png -o out.zarr --level x", "Invalid value for '--level': "),
        ("segment cells.png -o out.zarr --workers 0", "workers must be a whole number from 1; got"),
        (
            "segment cells.png -o out.zarr --workers 2 --strategy each",
            "workers share out the planes in",
        ),
        ("segment cells.png -o out.tif --mu", "Option '--mu' requires an argument"),
        ("segment cells.png", "Missing option '-o'"),
        ("segment -o out.tif", "Missing argument"),
        ("segmnet cells.png", "No such command 'segmnet'"),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(call, image, tmp_path, arguments, told):
    (tmp_path / "notes.txt").touch()
    (tmp_path / "empty").mkdir()
    for name in ("twin.png", "cells.jpg"):
        (tmp_path / name).touch()
    before = sorted(tmp_path.iterdir())
    status, out, err = call(*arguments.split())
    assert (status, out) == (2, "")
    assert err.startswith(ERROR + told)
    assert err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_stack_becomes_a_store_of_labels_and_the_same_command_goes_on(call, stack_file, tmp_path):
    command = ("segment", "stack.tif", "-o", "out.ome.zarr", "--plane", "T=1,Z=0", *QUICK)
    status, out, err = call(*command)
    assert (status, out) == (0, "stack.tif: 12 planes -> out.ome.zarr\n")
    assert keep_errors(err) == []
    assert all(label in err for label in ("stack.tif: training", "stack.tif: planes"))
    store = LabelStore.open(tmp_path / "out.ome.zarr")
    assert store.list_missing() == []
    assert store.recipe["start"] == [1, 0, None, None, None]
    status, out, err = call(*command)
    assert (status, out) == (0, "stack.tif: 12 planes, 12 of them before -> out.ome.zarr\n")
    assert "training" not in err


def test_another_command_does_not_touch_the_store_but_is_told_what_differs(call, stack_file):
    command = ("segment", "stack.tif", "-o", "out.zarr", *QUICK)
    assert call(*command)[0] == 0
    status, out, err = call(*command, "--mu", "3")
    assert (status, out) == (2, "")
    assert keep_errors(err) == [
        f"{ERROR}out.zarr was made for something else: "
        "recipe.settings.mu is 50.0 there and 3.0 here"
    ]
    assert call(*command, "--mu", "3", "--overwrite")[0] == 0


def test_a_range_axes_and_several_training_planes_can_be_chosen(call, stack_file, tmp_path):
    choice = ("--axes", "PQCYX", "--range", "P=1:3,Q=2:", "--training-planes", "2")
    status, out, _ = call("segment", "stack.tif", "-o", "out.zarr", *choice, *QUICK)
    assert (status, out) == (0, "stack.tif: 2 planes -> out.zarr\n")
    store = LabelStore.open(tmp_path / "out.zarr")
    assert store.axes.names == ("P", "Q", "C", "Y", "X")
    assert len(store.list_missing()) == 10


def test_a_stack_does_not_go_into_a_tiff(call, stack_file):
    status, _, err = call("segment", "stack.tif", "-o", "out.tif", *QUICK)
    assert status == 2
    (line,) = keep_errors(err)
    assert line.startswith(f"{ERROR}stack.tif is a stack (T=4, Z=3); expected one plane; give an")
    assert "output that ends in .ome.zarr" in line


def test_a_plane_of_a_stack_that_cannot_be_read_is_named(call, stack_file, monkeypatch):
    command = ("segment", "stack.tif", "-o", "out.zarr", *QUICK)
    read = LazyArray.__getitem__

    def fail(self, index):
        if index[:2] == (3, 1):
            raise OSError("the disk is gone")
        return read(self, index)

    monkeypatch.setattr(LazyArray, "__getitem__", fail)
    status, _, err = call(*command)
    assert status == 2
    assert keep_errors(err) == [f"{ERROR}stack.tif: T=3, Z=1 cannot be read: the disk is gone"]


def test_a_saved_network_is_applied_to_another_stack_and_an_image(call, stack_file, tmp_path):
    saved = ("--save-network", "a.dynaseg.safetensors")
    applied = ("--network", "a.dynaseg.safetensors")
    assert call("segment", "stack.tif", "-o", "out.zarr", *saved, *QUICK)[0] == 0
    pixels = np.random.default_rng(1).integers(0, 4000, (2, 9, 8)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "plane.tif", pixels, metadata={"axes": "CYX"})
    status, out, _ = call("segment", "plane.tif", "-o", "plane_labels.tif", *applied)
    count = write_count(len(np.unique(read_labels(tmp_path / "plane_labels.tif")[0])), "label")
    assert (status, out) == (0, f"plane.tif: {count} -> plane_labels.tif\n")
    assert call("segment", "plane.tif", "-o", "b.zarr", *applied, "--strategy", "follow")[0] == 0
    labels = LabelStore.open(tmp_path / "b.zarr").read_plane((None, None, None))
    np.testing.assert_array_equal(read_labels(tmp_path / "plane_labels.tif")[0], labels)
    refused = call("segment", "plane.tif", "-o", "c.zarr", *applied, "--mu", "3")
    assert refused[0] == 2
    assert "mu cannot change in a network that is trained; only strategy, " in refused[2]
    refused = call("segment", "plane.tif", "-o", "c.zarr", *applied, *saved)
    assert "only a network that is trained is saved; got one to apply as well" in refused[2]


def test_a_network_gives_the_result_that_is_asked_for(call, tmp_path):
    random = np.random.default_rng(0)
    for name in ("one.tif", "other.tif"):
        waves = np.kron(random.random((16, 16)), np.ones((16, 16)))
        pixels = 9_000 * (waves + 0.1 * random.random((256, 256)))
        tifffile.imwrite(tmp_path / name, pixels.astype(np.uint16))
    saved = ("--save-network", "a.dynaseg.safetensors", "--device", "cpu")
    assert call("segment", "one.tif", "-o", "labels.tif", *saved)[0] == 0
    network = TrainedNetwork.load(tmp_path / "a.dynaseg.safetensors")
    channels, found = tifffile.imread(tmp_path / "other.tif")[None], []
    for result, detail, clean in (
        ("regions", "70", None),
        ("regions", None, None),
        ("clusters", "20", "true"),
        ("clusters", None, "false"),
    ):
        knobs = {"result": result, "detail": detail, "clean": clean}
        knobs = {name: value for name, value in knobs.items() if value}
        options = [word for name, value in knobs.items() for word in (f"--{name}", value)]
        options += ["--network", "a.dynaseg.safetensors", "-o", "a.tif", "--overwrite"]
        status, out, _ = call("segment", "other.tif", *options)
        labels, recipe = read_labels(tmp_path / "a.tif")
        np.testing.assert_array_equal(labels, network.use(knobs).label(channels))
        assert recipe.settings["result"] == result
        count = write_count(len(np.unique(labels)), "label")
        assert (status, out) == (0, f"other.tif: {count} -> a.tif\n")
        found.append(labels)
    assert found[1].max() < found[0].max()  # the usual detail of regions is coarser than 70
    assert len(np.unique(found[2])) <= len(np.unique(found[3]))


def test_a_network_gives_the_planes_of_a_stack_the_detail_that_is_asked_for(call, tmp_path):
    random = np.random.default_rng(0)
    waves = np.kron(random.random((2, 16, 16)), np.ones((1, 16, 16)))
    pixels = (9_000 * (waves + 0.1 * random.random((2, 256, 256)))).astype(np.uint16)
    tifffile.imwrite(tmp_path / "stack.tif", pixels, imagej=True, metadata={"axes": "ZYX"})
    saved = ("--save-network", "a.dynaseg.safetensors", "--device", "cpu")
    assert call("segment", "stack.tif", "-o", "a.zarr", *saved)[0] == 0
    applied = ("--network", "a.dynaseg.safetensors", "--detail", "90")
    assert call("segment", "stack.tif", "-o", "b.zarr", *applied)[0] == 0
    network = TrainedNetwork.load(tmp_path / "a.dynaseg.safetensors").use({"detail": 90})
    labels = LabelStore.open(tmp_path / "b.zarr").array[:]
    for plane, found in zip(pixels, labels, strict=True):
        np.testing.assert_array_equal(found, network.label(plane[None]))
    assert (labels != LabelStore.open(tmp_path / "a.zarr").array[:]).any()


@pytest.mark.parametrize("output", ["out.tif", "out.zarr"])
def test_a_network_refuses_an_image_of_other_channels(call, image, stack_file, output):
    saved = ("--save-network", "a.dynaseg.safetensors")
    assert call("segment", "stack.tif", "-o", "a.zarr", *saved, *QUICK)[0] == 0
    network = ("--network", "a.dynaseg.safetensors")
    status, _, err = call("segment", "cells.png", "-o", output, *network)
    assert status == 2
    assert keep_errors(err) == [
        f"{ERROR}cells.png: the number of channels must be that of the network, 2; got 1"
    ]


def test_workers_give_the_same_labels(call, stack_file, tmp_path):
    saved = ("--save-network", "a.dynaseg.safetensors")
    assert call("segment", "stack.tif", "-o", "a.zarr", *saved, *QUICK)[0] == 0
    shared = ("--network", "a.dynaseg.safetensors", "--workers", "1")
    status, out, _ = call("segment", "stack.tif", "-o", "b.zarr", *shared)
    assert (status, out) == (0, "stack.tif: 12 planes -> b.zarr\n")
    alone, together = (LabelStore.open(tmp_path / name).array[:] for name in ("a.zarr", "b.zarr"))
    np.testing.assert_array_equal(alone, together)


def test_a_broken_image_does_not_keep_the_good_ones_from_being_segmented(call, image, tmp_path):
    (tmp_path / "broken.tif").write_text("no image")
    arguments = ("segment", "broken.tif", "cells.png", "-o", "out", *QUICK)
    status, out, err = call(*arguments)
    assert status == 2
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["cells_labels.tif"]
    assert out.startswith("cells.png: ")
    (line,) = keep_errors(err)
    assert line.startswith(f"{ERROR}broken.tif cannot be read: ")


def test_an_image_that_cannot_be_segmented_is_named(call, tmp_path):
    tifffile.imwrite(tmp_path / "dot.tif", np.zeros((1, 1), np.uint8))
    status, _, err = call("segment", "dot.tif", "-o", "out.tif", *QUICK)
    assert status == 2
    assert keep_errors(err) == [
        f"{ERROR}dot.tif: an image must have more than one pixel to segment; got shape (1, 1)"
    ]


def test_mended_values_are_one_line_of_warning(call, tmp_path):
    pixels = np.random.default_rng(0).random((12, 10), dtype=np.float32)
    pixels[3, 4] = np.nan
    tifffile.imwrite(tmp_path / "holes.tif", pixels)
    status, _, err = call("segment", "holes.tif", "-o", "out.tif", *QUICK)
    assert status == 0
    (line,) = keep_errors(err)
    assert line.startswith("napari-dynaseg: warning: holes.tif: the image has 1 NaN and 0 inf")
    assert (tmp_path / "out.tif").is_file()


def test_an_interrupted_run_ends_with_status_130_and_writes_nothing(
    call, image, tmp_path, monkeypatch
):
    def interrupt(plan, settings, annotations):
        raise KeyboardInterrupt

    monkeypatch.setattr(batch, "segment_file", interrupt)
    assert call("segment", "cells.png", "-o", "out.tif", *QUICK)[0] == 130
    assert not (tmp_path / "out.tif").exists()


def test_info_lists_versions_devices_and_every_setting_with_its_range(call):
    status, out, err = call("info")
    assert (status, err) == (0, "")
    starts = [line.split()[0] for line in out.splitlines() if line]
    assert {"napari-dynaseg", "napari", "torch", "python", "devices", "threads"} <= set(starts)
    assert starts[starts.index("settings") + 1 :] == list(Settings.model_fields)
    assert "500  (a whole number from 1 to 100000)" in out


def test_the_package_runs_as_a_module_as_the_command_does(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["napari_dynaseg", "info"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("napari_dynaseg", run_name="__main__")
    assert caught.value.code == 0
    assert "settings" in capsys.readouterr().out


@pytest.mark.parametrize("options", [(), ("--within", "mask.tif"), ("--scribbles", "drawn.tif")])
def test_the_count_of_labels_that_is_named_is_that_of_the_file(call, tmp_path, options):
    rows, columns = np.indices((256, 256))
    noise = np.random.default_rng(0).normal(0, 0.5, (256, 256))
    tifffile.imwrite(tmp_path / "waves.tif", np.sin(rows / 9) * np.cos(columns / 7) + noise)
    part = np.zeros((256, 256), np.uint8)
    part[40:200, 60:210] = 1
    tifffile.imwrite(tmp_path / "mask.tif", part)
    tifffile.imwrite(tmp_path / "drawn.tif", part * np.uint8(30))
    arguments = ("waves.tif", "-o", "labels.tif", "--iterations", "9", *options)
    status, out, _ = call("segment", *arguments)
    assert status == 0
    count = np.count_nonzero(np.unique(read_labels(tmp_path / "labels.tif")[0]))
    assert f"waves.tif: {count} labels after 9 iterations" in out
    out = call("replay", "labels.tif", "waves.tif", "-o", "again.tif")[1]
    assert f"waves.tif: {count} labels after 9 iterations" in out


def test_one_label_after_one_iteration_is_said_so(call, tmp_path):
    tifffile.imwrite(tmp_path / "flat.tif", np.zeros((24, 32), np.uint8))
    options = ("--iterations", "1", "--channels", "2", "--minimum-labels", "1")
    out = call("segment", "flat.tif", "-o", "labels.tif", *options)[1]
    count = np.count_nonzero(np.unique(read_labels(tmp_path / "labels.tif")[0]))
    assert f"{write_count(count, 'label')} after 1 iteration ->" in out


def test_labels_are_replayed_on_their_image(call, image, tmp_path):
    call("segment", "cells.png", "-o", "labels.tif", *QUICK)
    status, out, err = call("replay", "labels.tif", "cells.png", "-o", "again.tif")
    assert (status, keep_errors(err)) == (0, [])
    labels, again = (read_labels(tmp_path / name)[0] for name in ("labels.tif", "again.tif"))
    count = write_count(len(np.unique(labels)), "label")
    assert out == f"cells.png: {count} after 2 iterations -> again.tif\n"
    np.testing.assert_array_equal(again, labels)


def test_a_replay_keeps_what_is_there_unless_told(call, image, tmp_path):
    call("segment", "cells.png", "-o", "labels.tif", *QUICK)
    (tmp_path / "again.tif").write_bytes(b"mine")
    arguments = ("replay", "labels.tif", "cells.png", "-o", "again.tif")
    assert call(*arguments)[:2] == (0, "cells.png: kept again.tif, which is there already\n")
    assert (tmp_path / "again.tif").read_bytes() == b"mine"
    assert call(*arguments, "--overwrite")[0] == 0
    assert read_labels(tmp_path / "again.tif")[0].shape == (12, 10)


@pytest.mark.parametrize("command", ["replay labels.tif cells.png", "cut labels.tif --detail 50"])
@pytest.mark.parametrize("goal", ["again.tif", "again.dynaseg.ome.zarr"])
def test_labels_of_the_scheme_auto_say_in_one_line_what_took_its_place(
    call, image, tmp_path, command, goal
):
    call("segment", "cells.png", "-o", "labels.tif", *QUICK)
    labels, recipe = read_labels(tmp_path / "labels.tif")
    settings = {**recipe.settings, "scheme": "auto", "mu": 48.0}
    for knob in OLD_KNOBS:
        del settings[knob]
    old = recipe.model_copy(update={"settings": settings})
    write_labels(tmp_path / "labels.tif", labels, old)
    status, out, err = call(*command.split(), "-o", goal)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "the scheme auto is no more: its regions are result='regions' now" in err
    assert not (tmp_path / goal).exists()


def test_the_labels_of_a_stack_are_replayed(call, stack_file, tmp_path):
    call("segment", "stack.tif", "-o", "labels.ome.zarr", "--range", "T=1:3", *QUICK)
    status, out, err = call("replay", "labels.ome.zarr", "stack.tif", "-o", "again.ome.zarr")
    assert (status, keep_errors(err)) == (0, [])
    assert out == "stack.tif: 6 planes -> again.ome.zarr\n"
    labels, again = (
        LabelStore.open(tmp_path / name).array[:] for name in ("labels.ome.zarr", "again.ome.zarr")
    )
    np.testing.assert_array_equal(again, labels)


def test_a_replay_without_a_recipe_is_one_line(call, image):
    status, _, err = call("replay", "cells.png", "cells.png", "-o", "again.tif")
    assert status == 2
    assert err.startswith(f"{ERROR}cells.png holds no recipe; expected one of ")
    assert len(err.splitlines()) == 1


@pytest.fixture
def drawn(tmp_path):
    """Write scribbles on the image: labels 0 and 4, and 255 elsewhere."""
    pixels = np.full((12, 10), 255, np.uint8)
    pixels[2:5, 3], pixels[8:10, 6] = 0, 4
    imageio.imwrite(tmp_path / "drawn.png", pixels)
    return pixels


SCRIBBLES = ("--scribbles", "drawn.png", "--scribble-background", "255")


def test_scribbles_on_an_image_stay_as_they_are_and_replay_gives_the_same(call, image, drawn):
    status, *_ = call("segment", "cells.png", "-o", "labels.tif", *SCRIBBLES, *QUICK)
    assert status == 0
    labels, recipe = read_labels("labels.tif")
    np.testing.assert_array_equal(labels[drawn < 255], drawn[drawn < 255] + 1)
    assert sum(part.pixels for part in recipe.scribbles) == 5
    status, *_ = call("replay", "labels.tif", "cells.png", "-o", "again.tif")
    assert status == 0
    np.testing.assert_array_equal(read_labels("again.tif")[0], labels)
    assert read_labels("again.tif")[1].scribbles == recipe.scribbles


def test_the_command_gives_what_python_gives(call, image, drawn):
    call("segment", "cells.png", "-o", "labels.tif", *SCRIBBLES, *QUICK)
    expected = segment_array(
        imageio.imread(image),
        scribbles=np.where(drawn == 255, 0, drawn + 1),
        channels=8,
        iterations=2,
        device="cpu",
    )
    np.testing.assert_array_equal(read_labels("labels.tif")[0], expected)


@pytest.mark.parametrize("strategy", ["one", "each"])
def test_scribbles_on_a_stack_count_on_the_plane_that_is_trained_on(call, stack_file, strategy):
    pixels = np.zeros((9, 8), np.uint16)
    pixels[1:4, 2], pixels[6, 3:7] = 300, 2
    tifffile.imwrite("drawn.tif", pixels)
    scribbled = ("--plane", "T=1,Z=2", "--scribbles", "drawn.tif", "--strategy", strategy, *QUICK)
    status, _, err = call("segment", "stack.tif", "-o", "labels.ome.zarr", *scribbled)
    assert (status, keep_errors(err)) == (0, [])
    store = LabelStore.open("labels.ome.zarr")
    plane = store.read_plane((1, 2, None, None, None))
    np.testing.assert_array_equal(plane[pixels > 0], pixels[pixels > 0])
    if strategy == "each":
        return
    status, _, err = call("replay", "labels.ome.zarr", "stack.tif", "-o", "again.ome.zarr")
    assert (status, keep_errors(err)) == (0, [])
    again = LabelStore.open("again.ome.zarr")
    np.testing.assert_array_equal(again.array[...], store.array[...])


def test_a_run_with_other_scribbles_does_not_go_on(call, stack_file):
    tifffile.imwrite("drawn.tif", np.eye(9, 8, dtype=np.uint8))
    tifffile.imwrite("other.tif", 2 * np.eye(9, 8, dtype=np.uint8))
    stack = ("segment", "stack.tif", "-o", "labels.ome.zarr", *QUICK, "--scribbles")
    assert call(*stack, "drawn.tif")[0] == 0
    status, _, err = call(*stack, "other.tif")
    assert status == 2
    assert len(keep_errors(err)) == 1


def test_scribbles_of_a_stack_stay_when_its_planes_are_shared_out(call, stack_file):
    tifffile.imwrite("drawn.tif", 9 * np.eye(9, 8, dtype=np.uint8))
    options = (*QUICK, "--scribbles", "drawn.tif", "--workers", "1")
    assert call("segment", "stack.tif", "-o", "labels.ome.zarr", *options)[0] == 0
    plane = LabelStore.open("labels.ome.zarr").read_plane((2, 1, None, None, None))
    assert (plane[np.eye(9, 8) > 0] == 9).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cells.png", "stack.tif", "-o", "out"), "is scribbled on one image; got cells.png, "),
        ((".", "-o", "out"), "is scribbled on one image; got ."),
        (("stack.tif", "-o", "a.ome.zarr", "--range", "T=3:4"), "one of those to segment"),
        (("stack.tif", "-o", "a.ome.zarr"), "must be whole numbers of shape (9, 8)"),
    ],
)
def test_scribbles_that_do_not_apply_are_refused(call, image, stack_file, drawn, arguments, words):
    if "--range" in arguments:
        imageio.imwrite("drawn.png", np.eye(9, 8, dtype=np.uint8))
    status, _, err = call("segment", *arguments, *SCRIBBLES)
    (line,) = keep_errors(err)
    assert status == 2
    assert words in line


def test_a_background_without_scribbles_is_refused(call, image):
    status, _, err = call("segment", "cells.png", "-o", "a.tif", "--scribble-background", "255")
    assert (status, keep_errors(err)) == (
        2,
        [f"{ERROR}--scribble-background means nothing for a run without --scribbles; got 255"],
    )


def test_scribbles_for_a_network_that_is_applied_are_refused(call, image, drawn):
    network = ("--save-network", "net.dynaseg.safetensors")
    assert call("segment", "cells.png", "-o", "labels.tif", *network, *QUICK)[0] == 0
    network = ("--network", "net.dynaseg.safetensors")
    status, _, err = call("segment", "cells.png", "-o", "a.tif", *network, *SCRIBBLES)
    assert status == 2
    assert "is applied as it is; got scribbles as well" in err


def test_the_demo_prints_what_goes_on(call, monkeypatch, tmp_path):
    monkeypatch.setattr(
        "napari_dynaseg._napari.demo.run_demo", lambda output: iter([f"in {output.name}"])
    )
    assert call("demo", "-o", str(tmp_path)) == (0, f"in {tmp_path.name}\n", "")
