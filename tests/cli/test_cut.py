"""Saved labels cut anew on the command line, from every format and into every other."""

import imageio.v3 as imageio
import numpy as np
import pytest

from napari_dynaseg import Recipe, cut_labels
from napari_dynaseg.files.formats import read_label_layer, write_label_layer
from napari_dynaseg.files.plain_labels import read_labels, read_plain, write_labels
from napari_dynaseg.settings import OUTCOMES

QUICK = ("--channels", "8", "--iterations", "3", "--device", "cpu")
ERROR = "napari-dynaseg: error: "
GOALS = "labels.tif", "labels.dynaseg.ome.tif"


def draw(side=64):
    random = np.random.default_rng(2)
    patches = np.kron(random.random((side // 8, side // 8)), np.ones((8, 8)))
    return (200 * patches + 30 * random.random((side, side))).astype(np.uint8)


@pytest.fixture
def call(run_command, tmp_path):
    imageio.imwrite(tmp_path / "cells.png", draw())
    return run_command


def read(path):
    if path.name.endswith((".dynaseg.ome.tif", ".zarr")):
        pixels, state = read_label_layer(path)
        return np.asarray(pixels), state.metadata
    return read_plain(path)


def segment(call, goal, *options):
    assert call("segment", "cells.png", "-o", goal, *QUICK, *options)[0] == 0


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("other", [*GOALS, "labels.dynaseg.ome.zarr"])
def test_labels_are_cut_as_a_run_with_that_detail_gives_regions(call, tmp_path, goal, other):
    segment(call, goal, "--result", "regions")
    status, out, err = call("cut", goal, "--detail", "80", "-o", f"cut_{other}")
    assert (status, err) == (0, "")
    segment(call, "expected.tif", "--result", "regions", "--detail", "80")
    expected = read_labels(tmp_path / "expected.tif")[0]
    cut, metadata = read(tmp_path / f"cut_{other}")
    np.testing.assert_array_equal(cut, expected)
    assert out == f"{goal}: {expected.max()} labels -> cut_{other}\n"
    assert Recipe.from_metadata(metadata).settings["detail"] == 80
    assert call("replay", f"cut_{other}", "cells.png", "-o", "again.tif")[0] == 0
    np.testing.assert_array_equal(read_labels(tmp_path / "again.tif")[0], expected)


def test_a_cut_can_be_cut_again_and_comes_back(call, tmp_path):
    segment(call, "labels.tif")
    before = read_labels(tmp_path / "labels.tif")[0]
    usual = str(OUTCOMES["clusters"].default_detail)
    assert call("cut", "labels.tif", "--detail", "20", "-o", "coarse.tif")[0] == 0
    assert call("cut", "coarse.tif", "--detail", usual, "-o", "back.tif")[0] == 0
    np.testing.assert_array_equal(read_labels(tmp_path / "back.tif")[0], before)


def test_clusters_become_regions_where_asked(call, tmp_path):
    segment(call, "labels.tif")
    options = "--detail", str(OUTCOMES["regions"].default_detail), "--result", "regions"
    assert call("cut", "labels.tif", *options, "-o", "regions.tif")[0] == 0
    segment(call, "expected.tif", "--result", "regions")
    regions, recipe = read_labels(tmp_path / "regions.tif")
    np.testing.assert_array_equal(regions, read_labels(tmp_path / "expected.tif")[0])
    assert recipe.settings["result"] == "regions"


def test_a_replay_and_labels_of_a_network_can_be_cut_as_well(call, tmp_path):
    segment(call, "labels.tif", "--save-network", "cells.dynaseg.safetensors")
    assert call("replay", "labels.tif", "cells.png", "-o", "again.dynaseg.ome.tif")[0] == 0
    network = "--network", "cells.dynaseg.safetensors"
    assert call("segment", "cells.png", "-o", "applied.tif", *network)[0] == 0
    cuts = []
    for name in ("labels.tif", "again.dynaseg.ome.tif", "applied.tif"):
        assert call("cut", name, "--detail", "80", "-o", f"cut_{name}")[0] == 0
        cuts.append(read(tmp_path / f"cut_{name}")[0])
    np.testing.assert_array_equal(cuts[1], cuts[0])
    np.testing.assert_array_equal(cuts[2], cuts[0])


def test_labels_that_are_not_saved_over_stay_and_others_are_replaced_when_asked(call, tmp_path):
    segment(call, "labels.tif")
    cut = "cut", "labels.tif", "--detail", "20", "-o", "labels.tif"
    before = (tmp_path / "labels.tif").read_bytes()
    assert call(*cut) == (0, "labels.tif: kept labels.tif, which is there already\n", "")
    assert (tmp_path / "labels.tif").read_bytes() == before
    assert call(*cut, "--overwrite")[0] == 0
    assert read_labels(tmp_path / "labels.tif")[1].settings["detail"] == 20


def test_what_another_program_painted_stays_and_all_else_of_a_layer(call, tmp_path):
    path = tmp_path / "labels.dynaseg.ome.tif"
    segment(call, path.name)
    pixels, state = read_label_layer(path)
    pixels[3:9, 3:9] = 300
    mine = state.model_copy(update={"metadata": {**state.metadata, "mine": 1}, "opacity": 0.25})
    write_label_layer(path, pixels, mine)
    labels = cut_labels(path, 80, output=tmp_path / "cut.dynaseg.ome.zarr")
    assert (labels[3:9, 3:9] == 300).all()
    back, state = read_label_layer(tmp_path / "cut.dynaseg.ome.zarr")
    np.testing.assert_array_equal(back, labels)
    assert (state.opacity, state.metadata["mine"]) == (0.25, 1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("labels.tif", "--detail", "101"), "detail must be a number from 0 to 100; got '101'"),
        (("labels.tif", "--detail", "fine"), "detail must be a number from 0 to 100; got 'fine'"),
        (("labels.tif", "--detail", "5", "--result", "x"), "result must be one of"),
        (("missing.tif", "--detail", "5"), "missing.tif: it does not exist"),
        (("cells.png", "--detail", "5"), "cells.png: expected labels in a .tif or a .zarr"),
        (("labels.tif",), "Missing option '--detail'"),
        (("published.tif", "--detail", "5"), "clusters as published have no tree to cut"),
        (("old.tif", "--detail", "5"), "no tree is kept beside these labels; replay them"),
        (("kmeans.tif", "--detail", "5"), "no recipe here"),
    ],
)
def test_labels_that_cannot_be_cut_are_one_line_and_exit_status_2(call, tmp_path, arguments, told):
    segment(call, "labels.tif")
    if "published" in arguments[0]:
        segment(call, "published.tif", "--clean", "false")
    if "kmeans" in arguments[0]:
        assert call("compare", "kmeans", "cells.png", "-o", "kmeans.tif")[0] == 0
    write_labels(tmp_path / "old.tif", *read_labels(tmp_path / "labels.tif"))
    status, _, err = call("cut", *arguments, "-o", "cut.tif")
    assert status == 2
    (line,) = err.splitlines()
    assert line.startswith(ERROR)
    assert told in line
    assert not (tmp_path / "cut.tif").exists()


def test_an_output_of_another_kind_is_refused(call):
    segment(call, "labels.tif")
    status, _, err = call("cut", "labels.tif", "--detail", "5", "-o", "cut.png")
    assert (status, err.count("\n")) == (2, 1)
    assert "labels go into a file that ends in .tif, .tiff, .dynaseg.ome.zarr; got cut.png" in err


def test_labels_of_a_stack_say_that_they_keep_no_trees(call, tmp_path):
    import tifffile

    stack = np.stack([draw(), draw()[::-1]])
    tifffile.imwrite(tmp_path / "stack.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    assert call("segment", "stack.tif", "-o", "stack.dynaseg.ome.zarr", *QUICK)[0] == 0
    status, _, err = call("cut", "stack.dynaseg.ome.zarr", "--detail", "5", "-o", "cut.tif")
    assert (status, err.count("\n")) == (2, 1)
    assert "labels of a stack keep no trees" in err
    assert "segment the stack again with another detail" in err


def test_a_labelled_photograph_of_user_size_is_cut(call, tmp_path):
    imageio.imwrite(tmp_path / "cells.png", draw(256))
    assert call("segment", "cells.png", "-o", "labels.tif", "--device", "cpu")[0] == 0
    assert call("cut", "labels.tif", "--detail", "90", "-o", "cut.tif")[0] == 0
    fine, coarse = (read_labels(tmp_path / name)[0] for name in ("cut.tif", "labels.tif"))
    assert (fine != coarse).any()
    assert (tmp_path / "labels.tif").stat().st_size < 256 * 256
