"""The command line: what it does, and one line and exit status 2 for bad input."""

import runpy
import sys

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

from napari_dynaseg import Settings, batch
from napari_dynaseg.cli import main
from napari_dynaseg.files import read_labels

QUICK = ("--channels", "8", "--iterations", "2", "--device", "cpu")
ERROR = "napari-dynaseg: error: "


@pytest.fixture
def call(capsys, tmp_path, monkeypatch):
    """Call the command line in an empty folder: (exit status, output, error output)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        with pytest.raises(SystemExit) as caught:
            main(list(arguments))
        return caught.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "cells.png"
    imageio.imwrite(path, np.random.default_rng(0).integers(0, 256, (12, 10), np.uint8))
    return path


def keep_errors(err):
    """Give the lines that are ours: the progress bar names each image beside them."""
    return [line for line in err.splitlines() if line.startswith("napari-dynaseg: ")]


def test_an_image_becomes_a_label_file(call, image, tmp_path):
    status, out, err = call("segment", "cells.png", "-o", "labels.tif", *QUICK)
    assert status == 0
    assert out.startswith("cells.png: ")
    assert out.endswith("labels after 2 iterations -> labels.tif\n")
    assert keep_errors(err) == []
    assert read_labels(tmp_path / "labels.tif")[0].shape == (12, 10)


def test_the_options_reach_the_recipe(call, image, tmp_path):
    options = ("--scheme", "fsf", "--mu", "7.5", "--seed", "4", "--minimum-labels", "2")
    assert call("segment", "cells.png", "-o", "labels.tif", *QUICK, *options)[0] == 0
    expected = Settings(
        scheme="fsf", mu=7.5, seed=4, minimum_labels=2, channels=8, iterations=2, device="cpu"
    )
    assert read_labels(tmp_path / "labels.tif")[1].settings == expected.model_dump()


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
    def interrupt(plan, settings):
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
