"""The planes that the network of a stack is trained on."""

import numpy as np
import pytest

from napari_dynaseg.errors import FileError
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.recipes.training_planes import TrainingPlanes

STORED = np.array([[[0, 10], [20, 30]], [[40, 50], [60, 80]]], np.uint16)


def open_image(array):
    return StackImage((array,), parse_axes("ZYX", array.shape), "cells", path="cells.tif")


def test_planes_are_scaled_by_their_common_intensities():
    stack = open_image(STORED)
    training = TrainingPlanes.read(stack, [(1, None, None), (0, None, None)])
    dark, bright = training.scaling.ends[0]
    assert 0 <= dark < 1
    assert 79 < bright <= 80
    assert training.planes[0].max() == 1
    assert training.planes[1].max() < 0.5


def test_the_source_names_all_planes_that_were_trained_on():
    source = TrainingPlanes.read(open_image(STORED), [(1, None, None), (0, None, None)]).source
    assert (source.name, source.path) == ("cells", "cells.tif")
    assert (source.position, source.companions) == ((1, None, None), ((0, None, None),))


def test_a_plane_that_was_read_before_is_not_read_again():
    class Unreadable:
        shape, dtype, ndim = (2, 2, 2), np.dtype(np.uint16), 3

        def __getitem__(self, index):
            raise OSError("gone")

    training = TrainingPlanes.read(open_image(Unreadable()), [(0, None, None)], STORED[:1])
    np.testing.assert_array_equal(
        training.planes[0], TrainingPlanes.read(open_image(STORED), [(0, None, None)]).planes[0]
    )
    with pytest.raises(FileError, match="cells: Z=1 cannot be read: gone"):
        TrainingPlanes.read(open_image(Unreadable()), [(1, None, None)])
