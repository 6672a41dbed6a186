"""Lazy arrays: opened once, and opened anew where they are sent."""

import pickle
from functools import partial

import numpy as np

from napari_dynaseg.image.stored_array import LazyArray

NUMBERS = np.arange(12, dtype=np.uint16).reshape(2, 2, 3)


def open_numbers(path):
    with path.open("a") as log:
        log.write("opened\n")
    return NUMBERS


def test_an_array_is_opened_once_and_tells_its_shape_and_dtype(tmp_path):
    array = LazyArray(partial(open_numbers, tmp_path / "log"))
    assert (array.shape, array.ndim, array.dtype) == ((2, 2, 3), 3, np.uint16)
    np.testing.assert_array_equal(array[1, :, 0], [6, 9])
    assert array[0].sum() == 15
    assert (tmp_path / "log").read_text() == "opened\n"


def test_a_pickled_array_is_opened_anew_when_it_is_first_read(tmp_path):
    array = LazyArray(partial(open_numbers, tmp_path / "log"))
    sent = pickle.loads(pickle.dumps(array))
    assert (sent.shape, sent.dtype) == (array.shape, array.dtype)
    assert (tmp_path / "log").read_text() == "opened\n"
    np.testing.assert_array_equal(sent[1], NUMBERS[1])
    assert (tmp_path / "log").read_text() == "opened\nopened\n"


def test_a_pickled_array_holds_no_pixels(tmp_path):
    np.save(tmp_path / "zeros.npy", np.zeros((100, 100)))
    array = LazyArray(partial(np.load, tmp_path / "zeros.npy"))
    assert len(pickle.dumps(array)) < 1000
