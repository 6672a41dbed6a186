"""Scribbles and guidance are read from files as they were drawn, or refused with a reason."""

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_dynaseg.errors import FileError, ImageError
from napari_dynaseg.files.annotation_files import AnnotationFile
from napari_dynaseg.method.annotations import GUIDANCE

DRAWN = np.array([[0, 3, 0], [0, 0, 255]], np.uint8)


def test_a_tiff_and_a_png_give_the_numbers_that_were_drawn(tmp_path):
    tifffile.imwrite(tmp_path / "drawn.tif", DRAWN.astype(np.uint16) * 200)
    imageio.imwrite(tmp_path / "drawn.png", DRAWN)
    np.testing.assert_array_equal(
        AnnotationFile(tmp_path / "drawn.tif").read((2, 3)), DRAWN.astype(int) * 200
    )
    labels = AnnotationFile(tmp_path / "drawn.png").read((2, 3))
    np.testing.assert_array_equal(labels, DRAWN)
    assert labels.dtype == np.int32


def test_of_a_png_with_a_palette_the_numbers_count(tmp_path):
    picture = Image.fromarray(DRAWN, mode=None).convert("L")
    picture.putpalette([255, 0, 0] * 256)
    picture.save(tmp_path / "drawn.png")
    np.testing.assert_array_equal(AnnotationFile(tmp_path / "drawn.png").read((2, 3)), DRAWN)


def test_another_number_may_mean_nothing_and_raises_the_others_by_one(tmp_path):
    imageio.imwrite(tmp_path / "drawn.png", DRAWN)
    labels = AnnotationFile(tmp_path / "drawn.png", background=255).read((2, 3))
    np.testing.assert_array_equal(labels, [[1, 4, 1], [1, 1, 0]])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (np.zeros((2, 3), np.uint8), "nothing is scribbled; every pixel is 0"),
        (np.ones((2, 3), np.float32), r"must be whole numbers of shape \(2, 3\); got float32"),
        (np.ones((3, 3), np.uint8), r"of shape \(2, 3\); got uint8 of shape \(3, 3\)"),
        (np.full((2, 3), -1, np.int16), "labels from 1 on that int32 holds; got -1 to -1"),
    ],
)
def test_what_is_no_scribble_is_refused(tmp_path, content, words):
    tifffile.imwrite(tmp_path / "drawn.tif", content)
    with pytest.raises(ImageError, match=f"drawn.tif: .*{words}"):
        AnnotationFile(tmp_path / "drawn.tif").read((2, 3))


def test_a_broken_file_and_another_ending_are_refused(tmp_path):
    (tmp_path / "drawn.png").write_bytes(b"no picture")
    with pytest.raises(FileError, match=r"drawn.png cannot be read"):
        AnnotationFile(tmp_path / "drawn.png").read((2, 3))
    with pytest.raises(FileError, match=r"ends in .tif, .tiff, .png; got drawn.jpg"):
        AnnotationFile(tmp_path.joinpath("drawn.jpg").relative_to(tmp_path)).read((2, 3))


def test_a_guidance_is_told_by_its_name(tmp_path):
    tifffile.imwrite(tmp_path / "map.tif", np.zeros((2, 3), np.uint8))
    with pytest.raises(ImageError, match=r"map.tif: there is no guidance; every pixel is 0"):
        AnnotationFile(tmp_path / "map.tif", GUIDANCE).read((2, 3))
    imageio.imwrite(tmp_path / "map.png", DRAWN)
    np.testing.assert_array_equal(
        AnnotationFile(tmp_path / "map.png", GUIDANCE).read((2, 3)),
        DRAWN,
    )
