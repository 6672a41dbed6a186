"""Label maps of a stack in memory."""

import numpy as np
import pytest

from napari_dynaseg.files.sinks import PlanesInMemory
from napari_dynaseg.image.axes import parse_axes


@pytest.mark.parametrize(
    ("letters", "shape"), [("ZYX", (3, 2, 4)), ("CZYX", (2, 3, 2, 4)), ("XZCY", (4, 3, 2, 2))]
)
def test_a_plane_is_written_where_it_lies_whatever_the_order_of_the_axes(letters, shape):
    axes = parse_axes(letters, shape)
    results = PlanesInMemory(np.zeros(axes.label_sizes, np.int32), axes)
    labels = np.arange(8, dtype=np.int32).reshape(2, 4)
    position = axes.place([1])
    results.write_plane(position, labels)
    np.testing.assert_array_equal(results.read_plane(position), labels)
    along = np.moveaxis(results.array, letters.index("Z"), 0)
    assert along[1].sum() == labels.sum() == results.array.sum()
    assert results.is_finished(position)
    assert not results.is_finished(axes.place([0]))


def test_notes_are_kept_until_they_are_removed():
    axes = parse_axes("ZYX", (3, 2, 4))
    results = PlanesInMemory(np.zeros(axes.label_sizes, np.int32), axes)
    assert results.read_note("network") is None
    results.write_note("network", b"weights")
    assert results.read_note("network") == b"weights"
    results.remove_note("network")
    results.remove_note("network")
    assert results.read_note("network") is None
