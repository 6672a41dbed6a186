"""A run: one input in, steps and one result out; and `segment`, its shortest call."""

import numpy as np
import pytest

from napari_dynaseg import segment
from napari_dynaseg.errors import ImageError, SettingsError
from napari_dynaseg.generators import run_through
from napari_dynaseg.image.pixels import to_plane
from napari_dynaseg.method.run import run
from napari_dynaseg.method.run_input import RunInput
from napari_dynaseg.settings import Settings

SMALL = Settings(channels=8, iterations=4, minimum_labels=1, device="cpu")


def test_a_mask_guides_as_well(image):
    mask = image > 60
    knobs = {"channels": 8, "iterations": 4, "device": "cpu"}
    labels = segment(image, guidance=mask, **knobs)
    np.testing.assert_array_equal(labels, segment(image, guidance=3 * mask.astype(int), **knobs))


@pytest.fixture
def image():
    picture = np.random.default_rng(0).integers(0, 60, (12, 10), np.uint8)
    picture[:, 6:] += 190
    return picture


def test_segment_numbers_its_labels_from_1_by_falling_size(image):
    labels = segment(image, channels=8, iterations=3)
    numbers, sizes = np.unique(labels, return_counts=True)
    assert labels.dtype == np.int32
    assert labels.shape == (12, 10)
    assert numbers.tolist() == list(range(1, len(numbers) + 1))
    assert (np.diff(sizes) <= 0).all()


def test_segment_gives_labels_that_can_be_painted_on(image):
    labels = segment(image, channels=8, iterations=1)
    labels[0, 0] = 0
    assert labels[0, 0] == 0


def test_segment_tells_dark_from_bright(image):
    labels = segment(image, channels=8, iterations=60)
    dark, bright = labels[2:-2, 1:4], labels[2:-2, 8:]
    assert not set(np.unique(dark)) & set(np.unique(bright))


def test_segment_reads_a_named_channel_axis(image):
    pair = np.stack([image, image[::-1]], axis=-1)
    apart = segment(np.moveaxis(pair, -1, 0), channels=8, iterations=2)
    named = segment(pair, channel_axis=-1, channels=8, iterations=2)
    np.testing.assert_array_equal(named, apart)


def test_segment_refuses_a_bad_knob(image):
    with pytest.raises(SettingsError, match=r"mu must be a number .*; got -1"):
        segment(image, mu=-1)


def test_segment_refuses_what_is_no_image():
    with pytest.raises(ImageError, match="must have pixels"):
        segment(np.zeros((0, 4)))


@pytest.mark.parametrize("size", [24, 256])
def test_live_numbers_stay_with_their_regions_to_the_result(size):
    plane = to_plane(np.random.default_rng(1).integers(0, 255, (size, size), np.uint8))
    steps, work = [], run(RunInput((plane,), SMALL, numbering="live"))
    while True:
        try:
            steps.append(next(work))
        except StopIteration as end:
            result = end.value
            break
    last = steps[-1]
    np.testing.assert_array_equal(result.labels, last.numbers.apply(last.labels))
    np.testing.assert_array_equal(result.table[last.labels], result.labels)


def test_a_run_ends_at_its_last_iteration_with_the_settings_that_count_by_then():
    plane = to_plane(np.random.default_rng(1).integers(0, 255, (24, 30), np.uint8))
    coarse = SMALL.change(mu=400)
    given = RunInput((plane,), SMALL, changes={2: coarse}, last_iteration=3)
    steps = list(run(given))
    assert [step.iteration for step in steps] == [1, 2, 3]
    assert steps[0].weight == pytest.approx(50 / steps[0].labels_in_use)
    assert steps[1].weight == pytest.approx(400 / steps[1].labels_in_use)
    labels = run_through(run(given)).labels
    assert labels.shape == (24, 30)
    assert set(np.unique(labels)) == set(range(1, labels.max() + 1))
