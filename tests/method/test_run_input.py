"""What a run is given, refused before any work where it does not fit."""

import numpy as np
import pytest

from napari_dynaseg.errors import ImageError
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.method.run import iter_fit, segment
from napari_dynaseg.method.run_input import RunInput
from napari_dynaseg.settings import Settings

SMALL = Settings(channels=8, iterations=4, minimum_labels=1, device="cpu")


@pytest.fixture
def plane():
    return np.random.default_rng(0).random((2, 12, 10), dtype=np.float32)


@pytest.fixture
def guidance():
    """Give a guidance of two halves, which the random plane does not have, and a free row."""
    halves = np.full((12, 10), 9, np.int32)
    halves[:, 5:], halves[0] = 4, 0
    return halves


@pytest.mark.parametrize(
    "plane",
    [
        np.zeros((1, 4, 4), np.float64),
        np.zeros((4, 4), np.float32),
        np.zeros((1, 1, 1), np.float32),
        np.zeros((1, 0, 4), np.float32),
    ],
)
def test_what_is_no_plane_is_refused_when_called_not_at_the_first_step(plane):
    sentence = rf"^a plane must be float32 of shape \(C, H, W\).*; got {plane.dtype} of shape"
    with pytest.raises(ImageError, match=sentence):
        iter_fit(plane, SMALL)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_plane_with_values_that_are_not_finite_is_refused_when_called(value):
    plane = np.full((1, 4, 4), value, np.float32)
    with pytest.raises(ImageError, match="must have finite values; got NaN or infinity"):
        iter_fit(plane, SMALL)


@pytest.mark.parametrize(
    ("scribbles", "told"),
    [
        (np.zeros((3, 3), np.int32), r"of shape \(12, 10\); got int32 of shape \(3, 3\)"),
        (np.zeros((12, 10)), "got float64"),
        (np.full((12, 10), 9), "from 1 to 8, the channels, or 0; got 9 to 9"),
        (np.full((12, 10), -1), "got -1 to -1"),
    ],
)
def test_scribbles_that_do_not_fit_are_refused(plane, scribbles, told):
    with pytest.raises(ImageError, match=told):
        iter_fit(plane, SMALL, scribbles=scribbles)


@pytest.mark.parametrize(
    ("guidance", "told"),
    [
        (np.ones((3, 3), np.int32), r"of shape \(12, 10\); got int32 of shape \(3, 3\)"),
        (np.ones((12, 10)), "guidance must be whole numbers.*got float64"),
        (np.full((12, 10), -1), "guidance must be labels from 1 on .*got -1 to -1"),
        (np.full((12, 10), 1 << 40), "that int32 holds; got 1099511627776"),
        (np.zeros((12, 10), int), "there is no guidance; expected labels from 1 on"),
    ],
)
def test_a_guidance_that_does_not_fit_is_refused(plane, guidance, told):
    with pytest.raises(ImageError, match=told):
        iter_fit(plane, SMALL, guidance=guidance)
    with pytest.raises(ImageError, match=told):
        segment(plane, channel_axis=0, guidance=guidance, channels=8)


def test_a_companion_of_another_shape_is_refused(plane):
    with pytest.raises(ImageError, match="must have one shape"):
        iter_fit(plane, SMALL, companions=[plane[:, 1:].copy()])


def test_what_is_given_is_cut_to_the_part_once(plane):
    mask = np.zeros((12, 10), bool)
    mask[2:9, 3:8] = True
    strokes = np.zeros((12, 10), np.int32)
    strokes[3, 4:6], strokes[11, 9] = 30, 40
    given = RunInput(
        (plane, plane),
        SMALL,
        within=RegionOfInterest.of(mask, (12, 10)),
        scribbled=strokes,
        guidance=np.ones((12, 10), np.uint8),
    )
    assert [each.shape for each in given.cropped] == [(2, 7, 5), (2, 7, 5)]
    assert given.scribbles.labels.shape == (7, 5)
    assert set(given.scribbles.labels.ravel()) == {0, 30}
    assert given.cropped_guidance.dtype == np.int32
