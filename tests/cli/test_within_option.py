"""The command line within a mask: 0 outside, replayed alike, bad masks told in one line."""

from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

from napari_dynaseg import segment
from napari_dynaseg.files.formats import read_label_layer
from napari_dynaseg.files.label_store import LabelStore
from napari_dynaseg.files.plain_labels import read_labels

QUICK = ("--channels", "8", "--iterations", "3", "--device", "cpu")


@pytest.fixture
def call(run_command):
    """Call the command line in a folder with an image and a mask: (exit status, error output)."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 10), np.uint8)
    imageio.imwrite("cells.png", pixels)
    mask = np.zeros((12, 10), np.uint16)
    mask[2:9, 3:8] = 700
    tifffile.imwrite("mask.tif", mask)
    tifffile.imwrite("narrow.tif", mask[:, :5])
    tifffile.imwrite("empty.tif", mask * 0)

    def run(*arguments):
        status, _, err = run_command(*arguments)
        return status, err

    return run


def test_an_image_is_segmented_and_replayed_within_a_mask(call):
    options = (*QUICK, "--within", "mask.tif", "--preview", "look.png")
    assert call("segment", "cells.png", "-o", "labels.tif", *options)[0] == 0
    labels, recipe = read_labels("labels.tif")
    expected = segment(
        imageio.imread("cells.png"),
        within=tifffile.imread("mask.tif"),
        channels=8,
        iterations=3,
        device="cpu",
    )
    np.testing.assert_array_equal(labels, expected)
    assert recipe.within.covered.pixels == 35
    assert call("replay", "labels.tif", "cells.png", "-o", "again.tif")[0] == 0
    again, made = read_labels("again.tif")
    np.testing.assert_array_equal(again, labels)
    assert made.within == recipe.within


def test_a_layer_keeps_the_mask_too(call):
    options = (*QUICK, "--within", "mask.tif", "--save-network", "n.dynaseg.safetensors")
    assert call("segment", "cells.png", "-o", "l.dynaseg.ome.tif", *options)[0] == 0
    pixels, state = read_label_layer(Path("l.dynaseg.ome.tif"))
    assert (np.asarray(pixels)[:2] == 0).all()
    assert state.metadata["dynaseg_recipe"]["within"]["shape"] == [12, 10]
    again = ("--network", "n.dynaseg.safetensors", "--within", "mask.tif")
    status, err = call("segment", "cells.png", "-o", "x.tif", *again)
    assert status == 2
    assert "--within means nothing for a network that is trained already" in err


@pytest.mark.parametrize(
    ("mask", "output", "told"),
    [
        ("narrow.tif", "l.tif", r"narrow.tif: a mask must have the plane's shape (12, 10); got"),
        ("empty.tif", "l.tif", "empty.tif: a mask must cover at least two pixels"),
        ("none.tif", "l.tif", "none.tif: it does not exist"),
        ("narrow.tif", "l.ome.zarr", "narrow.tif: a mask must have the plane's shape (12, 10)"),
    ],
)
def test_a_mask_that_is_of_no_use_is_one_line(call, mask, output, told):
    status, err = call("segment", "cells.png", "-o", output, *QUICK, "--within", mask)
    assert status == 2
    assert told in err
    assert "Traceback" not in err


def test_a_stack_is_segmented_and_replayed_within_a_mask(call):
    planes = np.random.default_rng(1).integers(0, 256, (3, 12, 10), np.uint8)
    tifffile.imwrite("stack.tif", planes, imagej=True, metadata={"axes": "ZYX"})
    options = (*QUICK, "--within", "mask.tif")
    assert call("segment", "stack.tif", "-o", "l.ome.zarr", *options)[0] == 0
    labels = LabelStore.open(Path("l.ome.zarr")).array[:]
    inside = tifffile.imread("mask.tif") > 0
    assert (labels[:, ~inside] == 0).all()
    assert (labels[:, inside] > 0).all()
    status, err = call("segment", "stack.tif", "-o", "l.ome.zarr", *QUICK)
    assert status == 2
    assert "within" in err


def test_a_recipe_within_a_mask_goes_through_a_stack_too(call):
    call("segment", "cells.png", "-o", "labels.tif", *QUICK, "--within", "mask.tif")
    assert call("replay", "labels.tif", "cells.png", "-o", "again.ome.zarr")[0] == 0
    again = LabelStore.open(Path("again.ome.zarr")).array[:]
    np.testing.assert_array_equal(again > 0, read_labels("labels.tif")[0] > 0)
