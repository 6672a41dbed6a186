"""A map comes back from its compressed form as it was."""

import numpy as np
import pytest

from napari_dynaseg.labels.compressed_map import CompressedMap


@pytest.mark.parametrize("values", [[0, 255], [0, 256], [3, 70_000], [-2, 1], []])
def test_every_number_comes_back(values):
    labels = np.array([values], np.int32)
    again = CompressedMap.of(labels).read()
    np.testing.assert_array_equal(again, labels)
    assert again.dtype == np.int32
    assert again.flags.writeable


def test_a_turned_map_comes_back_as_it_was():
    labels = np.arange(6, dtype=np.int32).reshape(2, 3).T
    np.testing.assert_array_equal(CompressedMap.of(labels).read(), labels)


def test_a_map_of_few_labels_takes_few_bytes():
    labels = np.repeat(np.arange(100, dtype=np.int32), 100).reshape(100, 100)
    assert CompressedMap.of(labels).nbytes < labels.nbytes / 50


def test_a_mask_comes_back_as_zeros_and_ones():
    mask = np.array([[True, False]])
    np.testing.assert_array_equal(CompressedMap.of(mask).read(), [[1, 0]])
