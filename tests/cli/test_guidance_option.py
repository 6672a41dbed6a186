"""A guidance on the command line: read from a file, kept in the recipe, refused with one line."""

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

from napari_dynaseg import segment as segment_array
from napari_dynaseg.files.label_store import LabelStore
from napari_dynaseg.files.plain_labels import read_labels

# As published, since a tree leaves one label of pictures as tiny as these.
QUICK = ("--channels", "8", "--iterations", "2", "--device", "cpu", "--clean", "false")
GUIDED = ("--guidance", "guide.png", "--guidance-weight", "1")
KNOBS = {"channels": 8, "iterations": 2, "device": "cpu", "clean": False, "guidance_weight": 1}


@pytest.fixture
def call(run_command):
    """Call the command line in a folder: (exit status, lines of error output that are ours)."""

    def run(*arguments):
        status, _, err = run_command(*arguments)
        return status, [line for line in err.splitlines() if "error: " in line]

    return run


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "cells.png"
    imageio.imwrite(path, np.random.default_rng(0).integers(0, 256, (12, 10), np.uint8))
    return path


@pytest.fixture
def stack_file(tmp_path):
    """A stack of 3 depths."""
    path = tmp_path / "stack.tif"
    pixels = np.random.default_rng(0).integers(0, 4000, (3, 9, 8)).astype(np.uint16)
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "ZYX"})
    return path


@pytest.fixture
def guide(tmp_path):
    """Write a threshold of 0 and 1, which runs across the image."""
    pixels = np.zeros((12, 10), np.uint8)
    pixels[:, 5:] = 1
    imageio.imwrite(tmp_path / "guide.png", pixels)
    return pixels


def test_an_image_is_guided_by_a_file_as_in_python(call, image, guide):
    assert call("segment", "cells.png", "-o", "labels.tif", *GUIDED, *QUICK)[0] == 0
    labels, recipe = read_labels("labels.tif")
    pixels = imageio.imread(image)
    np.testing.assert_array_equal(labels, segment_array(pixels, guidance=guide, **KNOBS))
    assert (labels != segment_array(pixels, **KNOBS)).any()
    assert recipe.guidance[0].pixels == 60


def test_clean_clusters_of_an_image_of_user_size_are_guided_as_well(call, tmp_path):
    random = np.random.default_rng(0)
    picture = np.kron(random.random((16, 16)), np.ones((16, 16))) + 0.1 * random.random((256, 256))
    pixels = (200 * picture / picture.max()).astype(np.uint8)
    guide = 1 + np.kron(random.integers(0, 2, (4, 4)), np.ones((64, 64), int)).astype(np.uint8)
    imageio.imwrite(tmp_path / "waves.png", pixels)
    imageio.imwrite(tmp_path / "guide.png", guide)
    options = ("-o", "labels.tif", "--device", "cpu", *GUIDED)
    assert call("segment", "waves.png", *options)[0] == 0
    knobs = {"device": "cpu", "guidance_weight": 1}
    labels = segment_array(pixels, guidance=guide, **knobs)
    np.testing.assert_array_equal(read_labels(tmp_path / "labels.tif")[0], labels)
    assert (labels != segment_array(pixels, **knobs)).any()


def test_replay_guides_as_the_run_was_guided(call, image, guide):
    assert call("segment", "cells.png", "-o", "labels.tif", *GUIDED, *QUICK)[0] == 0
    assert call("replay", "labels.tif", "cells.png", "-o", "again.tif")[0] == 0
    labels, _ = read_labels("labels.tif")
    again, recipe = read_labels("again.tif")
    np.testing.assert_array_equal(again, labels)
    assert recipe.guidance[0].pixels == 60


def test_with_another_background_0_guides_like_any_other(call, image, guide):
    background = ("--guidance-background", "255")
    assert call("segment", "cells.png", "-o", "labels.tif", *GUIDED, *background, *QUICK)[0] == 0
    expected = segment_array(imageio.imread(image), guidance=guide + 1, **KNOBS)
    np.testing.assert_array_equal(read_labels("labels.tif")[0], expected)


def test_a_run_is_guided_within_a_mask_and_beside_scribbles(call, image, guide):
    mask, drawn = np.zeros((2, 12, 10), np.uint8)
    mask[2:10, 1:9], drawn[4, 4:6] = 1, 7
    imageio.imwrite("mask.png", mask)
    imageio.imwrite("drawn.png", drawn)
    options = ("--within", "mask.png", "--scribbles", "drawn.png", *GUIDED, *QUICK)
    assert call("segment", "cells.png", "-o", "labels.tif", *options)[0] == 0
    labels, _ = read_labels("labels.tif")
    given = {"within": mask, "scribbles": drawn, "guidance": guide}
    expected = segment_array(imageio.imread(image), **given, **KNOBS)
    np.testing.assert_array_equal(labels, expected)
    assert (labels[4, 4:6] == 7).all()
    assert call("replay", "labels.tif", "cells.png", "-o", "again.tif")[0] == 0
    np.testing.assert_array_equal(read_labels("again.tif")[0], labels)


def guide_stack(call, name, *options):
    plane = ("--plane", "Z=2", "--guidance", name, *options)
    return call("segment", "stack.tif", "-o", "labels.ome.zarr", *plane, *QUICK)


def test_a_stack_is_guided_on_the_plane_that_is_trained_on(call, stack_file):
    tifffile.imwrite("guide.tif", 1 + np.eye(9, 8, dtype=np.uint8))
    status, errors = guide_stack(call, "guide.tif", "--guidance-weight", "1")
    assert (status, errors) == (0, [])
    store = LabelStore.open("labels.ome.zarr")
    assert call("segment", "stack.tif", "-o", "plain.ome.zarr", "--plane", "Z=2", *QUICK)[0] == 0
    assert (store.array[...] != LabelStore.open("plain.ome.zarr").array[...]).any()
    status, errors = call("replay", "labels.ome.zarr", "stack.tif", "-o", "again.ome.zarr")
    assert (status, errors) == (0, [])
    np.testing.assert_array_equal(LabelStore.open("again.ome.zarr").array[...], store.array[...])


def test_a_stack_with_another_guidance_does_not_go_on(call, stack_file):
    for name, number in (("guide.tif", 1), ("other.tif", 2)):
        tifffile.imwrite(name, number + np.eye(9, 8, dtype=np.uint8))
    assert guide_stack(call, "guide.tif")[0] == 0
    assert guide_stack(call, "guide.tif")[0] == 0
    assert guide_stack(call, "other.tif")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cells.png", "stack.tif", "-o", "out"), "guide.png guides on one image; got cells.png, "),
        (("stack.tif", "-o", "a.ome.zarr"), "guidance must be whole numbers of shape (9, 8)"),
    ],
)
def test_a_guidance_that_does_not_apply_is_refused(
    call,
    image,
    stack_file,
    guide,
    arguments,
    words,
):
    status, errors = call("segment", *arguments, *GUIDED)
    (line,) = errors
    assert status == 2
    assert words in line


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (np.zeros((12, 10), np.uint8), "there is no guidance; every pixel is 0"),
        (
            np.ones((12, 10), np.float32),
            "guidance must be whole numbers of shape (12, 10); got float32",
        ),
        (np.full((12, 10), -3, np.int16), "guidance must be labels from 1 on"),
    ],
)
def test_a_file_that_is_no_guidance_is_refused(call, image, pixels, words):
    tifffile.imwrite("bad.tif", pixels)
    status, errors = call("segment", "cells.png", "-o", "a.tif", "--guidance", "bad.tif")
    (line,) = errors
    assert status == 2
    assert f"bad.tif: {words}" in line


def test_options_of_a_guidance_without_one_are_refused(call, image):
    status, errors = call("segment", "cells.png", "-o", "a.tif", "--guidance-background", "255")
    assert status == 2
    assert errors[0].endswith("means nothing for a run without --guidance; got 255")


def test_a_guidance_for_a_network_that_is_applied_is_refused(call, image, guide):
    network = "net.dynaseg.safetensors"
    saved = ("--save-network", network)
    assert call("segment", "cells.png", "-o", "labels.tif", *saved, *QUICK)[0] == 0
    status, errors = call(
        "segment", "cells.png", "-o", "a.tif", "--network", network, "--guidance", "guide.png"
    )
    assert status == 2
    assert "is applied as it is; got guidance as well" in errors[0]
