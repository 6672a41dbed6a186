"""What was painted comes back exactly, and takes few bytes."""

import base64
import json
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from napari_dynaseg.errors import FileError, ImageError
from napari_dynaseg.labels.run_length import Runs, apply, describe

HERE, THERE = (0, None, None), (1, None, None)
DTYPES = st.sampled_from([np.uint8, np.int32, np.int64, np.uint64])
SHAPES = npst.array_shapes(min_dims=2, max_dims=2, max_side=9)


def draw(*rows):
    return np.array(rows, np.int32)


def send(described):
    """Send corrections through JSON, as a recipe does."""
    texts = [correction.model_dump_json() for correction in described]
    return tuple(Runs.model_validate(json.loads(text)) for text in texts)


@given(st.data())
def test_what_was_painted_is_painted_again_whatever_it_was(data):
    dtype, shape = data.draw(DTYPES), data.draw(SHAPES)
    few = st.integers(0, 3) | st.sampled_from([np.iinfo(dtype).min, np.iinfo(dtype).max])
    before, after = (data.draw(npst.arrays(dtype, shape, elements=few)) for _ in range(2))
    described = send(describe(before, after))
    np.testing.assert_array_equal(apply(before, described), after, strict=True)
    assert sum(correction.pixels for correction in described) == (before != after).sum()


@given(st.data())
def test_paint_goes_over_another_map_and_leaves_the_rest_of_it(data):
    shape = data.draw(SHAPES)
    maps = npst.arrays(np.int32, shape, elements=st.integers(0, 3))
    before, after, other = (data.draw(maps) for _ in range(3))
    painted = data.draw(npst.arrays(bool, shape)) | (before != after)
    described = describe(before, after, painted=painted)
    expected = np.where(painted, after, other)
    np.testing.assert_array_equal(apply(other, described), expected)


def test_nothing_painted_is_no_correction():
    assert describe(draw([1, 2]), draw([1, 2])) == ()


def test_corrections_are_of_one_plane_each():
    described = describe(draw([1, 1]), draw([5, 1]), HERE)
    described += describe(draw([1, 1]), draw([1, 6]), THERE)
    np.testing.assert_array_equal(apply(draw([1, 1]), described, HERE), [[5, 1]])
    np.testing.assert_array_equal(apply(draw([1, 1]), described, THERE), [[1, 6]])
    np.testing.assert_array_equal(apply(draw([1, 1]), described), [[1, 1]])


def test_painting_leaves_the_labels_given_alone():
    labels = draw([1, 1])
    apply(labels, describe(labels, draw([5, 1])))
    np.testing.assert_array_equal(labels, [[1, 1]])


def test_labels_in_any_memory_order_are_painted():
    before, after = np.asfortranarray(draw([1, 2], [3, 4])), draw([1, 9], [3, 4])
    np.testing.assert_array_equal(apply(before, describe(before, after)), after)


def test_a_large_disc_takes_less_than_four_bytes_a_row():
    rows, columns = np.ogrid[:512, :512]
    before = np.ones((512, 512), np.int32)
    after = np.where((rows - 256) ** 2 + (columns - 256) ** 2 < 200**2, 7, before)
    (correction,) = describe(before, after)
    assert len(correction.runs) < 4 * 400


def test_maps_of_different_shapes_are_refused():
    with pytest.raises(ImageError, match=r"one shape; got \(1, 2\) and \(1, 3\)"):
        describe(draw([1, 2]), draw([1, 2, 3]))


def test_a_correction_beyond_the_plane_is_refused():
    described = describe(draw([1, 1, 1]), draw([1, 1, 5]))
    with pytest.raises(ImageError, match=r"beyond a plane of shape \(1, 2\)"):
        apply(draw([1, 1]), described)


def test_a_label_beyond_the_dtype_is_refused():
    described = describe(draw([1, 1]), draw([1, 300]))
    with pytest.raises(ImageError, match="label 300, beyond uint8"):
        apply(np.ones((1, 2), np.uint8), described)


@pytest.mark.parametrize("runs", ["?", "AAAA", ""])
def test_a_correction_that_is_damaged_is_told_so(runs):
    with pytest.raises(FileError, match="runs of labels cannot be read"):
        apply(draw([1, 1]), [Runs(pixels=1, runs=runs)])


def test_a_correction_of_another_number_of_pixels_is_told_so():
    (correction,) = describe(draw([1, 1]), draw([5, 5]))
    with pytest.raises(FileError, match="expected 3 pixels; got 2"):
        apply(draw([1, 1]), [correction.model_copy(update={"pixels": 3})])


def test_runs_that_would_grow_beyond_the_plane_are_refused_before_they_take_memory():
    (correction,) = describe(draw([1, 1]), draw([5, 5]))
    content = np.array([0, 10**12, 5], "<i8").tobytes()
    runs = base64.b64encode(zlib.compress(content)).decode()
    enormous = correction.model_copy(update={"pixels": 10**12, "runs": runs})
    with pytest.raises(ImageError, match="reach beyond a plane of shape"):
        apply(draw([1, 1]), [enormous])
