"""What an edit may change, and which numbers are new."""

import numpy as np
import pytest

from napari_dynaseg.errors import EditError
from napari_dynaseg.labels.scope import EVERYWHERE, Scope


def to_labels(*rows):
    return np.array(rows, np.int32)


def test_a_change_is_taken_over_only_where_it_is_allowed():
    labels, edited = to_labels([1, 1, 2, 3]), to_labels([5, 5, 5, 2])
    where = np.array([[True, False, True, True]])
    np.testing.assert_array_equal(Scope(where=where).limit(labels, edited), [[5, 1, 5, 2]])
    np.testing.assert_array_equal(
        Scope(where=where, locked=[2]).limit(labels, edited), [[5, 1, 2, 3]]
    )


def test_a_mask_of_another_shape_is_refused():
    labels = to_labels([1, 1])
    with pytest.raises(EditError, match=r"mask of shape \(1, 2\); got \(2, 2\)"):
        Scope(where=np.ones((2, 2), bool)).limit(labels, labels)


def test_new_numbers_begin_above_all_that_are_in_use():
    np.testing.assert_array_equal(EVERYWHERE.number(to_labels([3]), 2), [4, 5])
    np.testing.assert_array_equal(Scope(above=8).number(to_labels([3]), 2), [9, 10])
    np.testing.assert_array_equal(Scope(locked=[5, 6]).number(to_labels([3]), 1), [7])


def test_numbers_beyond_int32_are_refused():
    with pytest.raises(EditError, match="relabel"):
        EVERYWHERE.number(to_labels([2**31 - 1]), 1)
