"""The command line's compare: one command a method, its knobs as options, labels as files."""

from functools import partial

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

from napari_dynaseg.peers import METHODS, run_peer
from napari_dynaseg.recipes.method_record import METHOD_KEY


@pytest.fixture
def call(run_command):
    return partial(run_command, "compare")


@pytest.fixture
def image(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (12, 10), np.uint8)
    imageio.imwrite(tmp_path / "cells.png", pixels)
    return pixels


def test_an_image_becomes_the_labels_of_the_method(call, image, tmp_path):
    options = ("-o", "labels.tif", "--preview", "look.png", "--clusters", "3")
    status, out, _ = call("kmeans", "cells.png", *options)
    assert status == 0
    assert out == "cells.png: 3 labels by k-means -> labels.tif\n"
    with tifffile.TiffFile(tmp_path / "labels.tif") as tiff:
        labels, metadata = tiff.asarray(), tiff.shaped_metadata[0]
    np.testing.assert_array_equal(labels, run_peer("kmeans", image, clusters=3))
    assert metadata[METHOD_KEY]["knobs"]["clusters"] == 3
    assert imageio.imread(tmp_path / "look.png").shape == (12, 10, 3)


def test_labels_that_are_there_are_kept_unless_they_are_to_be_replaced(call, image, tmp_path):
    (tmp_path / "labels.tif").write_text("mine")
    out = call("otsu", "cells.png", "-o", "labels.tif")[1]
    assert "kept labels.tif, which is there already" in out
    assert (tmp_path / "labels.tif").read_text() == "mine"
    assert call("otsu", "cells.png", "-o", "labels.tif", "--overwrite")[0] == 0
    assert tifffile.imread(tmp_path / "labels.tif").max() == 2


def test_labels_can_be_written_as_a_layer(call, image, tmp_path):
    from napari_dynaseg.files.formats import read_label_layer

    assert call("otsu", "cells.png", "-o", "cells.dynaseg.ome.tif")[0] == 0
    pixels, state = read_label_layer(tmp_path / "cells.dynaseg.ome.tif")
    assert np.asarray(pixels).shape == (12, 10)
    assert state.name == "cells.png segments"
    assert state.metadata[METHOD_KEY]["method"] == "otsu"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("kmeans", "cells.png", "-o", "l.tif", "--window", "4"), "window must be an odd number"),
        (("kmeans", "gone.png", "-o", "l.tif"), "gone.png does not exist"),
        (("ncut", "cells.png", "-o", "l.tif"), "No such command 'ncut'"),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(call, image, arguments, sentence):
    status, _, err = call(*arguments)
    assert status == 2
    assert sentence in err
    assert len(err.strip().splitlines()) == 1


def test_every_method_has_a_command_with_its_knobs_as_options(call):
    for name, method in METHODS.items():
        status, out, _ = call(name, "--help")
        assert status == 0
        assert all(f"--{knob.replace('_', '-')}" in out for knob in method.knob_names)
        assert "--scheme" not in out
