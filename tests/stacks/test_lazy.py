"""The lazy labels of a stack: the same as the run's, and no more is computed than is asked for."""

import dask.array as da
import numpy as np
import pytest
import zarr
from tests.stacks_drawn import segment_planes, train_network

from napari_dynaseg import Settings, segment_stack
from napari_dynaseg.errors import ImageError, SettingsError
from napari_dynaseg.files.sinks import PlanesInMemory
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.order import spread_positions
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.stacks.plan import StackRun

KNOBS = {"channels": 8, "iterations": 3, "device": "cpu", "minimum_labels": 1}


class Watched:
    """An array that remembers which planes were read."""

    def __init__(self, pixels):
        self.pixels, self.shape, self.dtype, self.ndim = (
            pixels,
            pixels.shape,
            pixels.dtype,
            pixels.ndim,
        )
        self.read = []

    def __getitem__(self, index):
        self.read.append(index)
        return self.pixels[index]


def draw(*shape):
    return np.random.default_rng(0).integers(0, 4000, shape).astype(np.uint16)


def train(pixels, letters, start, **knobs):
    image = StackImage((pixels,), parse_axes(letters, pixels.shape), "cells")
    settings = Settings(**KNOBS, **knobs)
    positions = spread_positions(
        list(image.axes.list_positions()), image.axes.place(start), settings.training_planes
    )
    return image, train_network(image, settings, positions)


def segment_all(pixels, letters, start, **knobs):
    """Segment a stack as the run does: the axes of the data without the channels."""
    image, network = train(pixels, letters, start, **knobs)
    axes = image.axes
    array = np.zeros([1 if axis == axes.channel else size for axis, size in enumerate(axes.sizes)])
    results = PlanesInMemory(array.astype(np.int32), axes)
    list(segment_planes(image, network, list(axes.list_positions()), results))
    return results.array if axes.channel is None else results.array.squeeze(axes.channel)


def make_zarr(pixels):
    array = zarr.create_array({}, shape=pixels.shape, chunks=(1,) * pixels.ndim, dtype=pixels.dtype)
    array[:] = pixels
    return array


@pytest.mark.parametrize(
    ("letters", "shape", "start"),
    [
        ("TCYX", (4, 2, 9, 8), (2,)),
        ("CTZYX", (2, 2, 3, 9, 8), (1, 2)),
        ("TYXS", (3, 9, 8, 4), (0,)),
        ("XTYC", (8, 3, 9, 2), (1,)),
        ("YX", (9, 8), ()),
    ],
)
def test_the_lazy_labels_are_those_of_the_run(letters, shape, start):
    pixels = draw(*shape)
    labels = segment_stack(pixels, letters, plane=start, **KNOBS)
    expected = segment_all(pixels, letters, start)
    assert (labels.shape, labels.dtype) == (expected.shape, np.int32)
    np.testing.assert_array_equal(labels.compute(scheduler="sync"), expected)


@pytest.mark.parametrize("wrap", [da.from_array, make_zarr, Watched])
def test_any_kind_of_array_is_read(wrap):
    pixels = draw(3, 2, 9, 8)
    labels = segment_stack(wrap(pixels), "TCYX", training_planes=2, **KNOBS)
    assert labels.chunks == ((1, 1, 1), (9,), (8,))
    np.testing.assert_array_equal(
        labels.compute(), segment_all(pixels, "TCYX", (1,), training_planes=2)
    )


def test_nothing_is_read_before_labels_are_asked_for_and_then_only_their_planes():
    watched = Watched(draw(5, 2, 9, 8))
    labels = segment_stack(watched, "TCYX", plane=(1,), **KNOBS)
    assert watched.read == []
    labels[4].compute(scheduler="sync")
    planes = [np.arange(5)[index[0]].item() for index in watched.read]
    assert sorted(planes) == [1, 4]


def test_the_network_is_trained_once_for_all_that_is_asked_for(monkeypatch):
    trained = []

    def count(*arguments):
        trained.append(arguments)
        return train(*arguments)

    train = StackRun.train
    monkeypatch.setattr(StackRun, "train", count)
    labels = segment_stack(draw(4, 9, 8), "TYX", **KNOBS)
    labels.compute()
    labels[0].compute()
    assert len(trained) == 1


def test_a_network_trained_before_labels_another_stack():
    _, network = train(draw(3, 2, 9, 8), "TCYX", (1,))
    others = draw(2, 2, 7, 6)[::-1]
    labels = segment_stack(others, "TCYX", network=network).compute()
    np.testing.assert_array_equal(labels, [network.label(plane) for plane in others])


def test_a_network_of_other_channels_is_refused():
    _, network = train(draw(3, 2, 9, 8), "TCYX", (1,))
    with pytest.raises(
        ImageError, match="the number of channels must be that of the network, 2; got 1"
    ):
        segment_stack(draw(3, 9, 8), "TYX", network=network)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5, 9, 8), (5, 9, 8)),
        ((5, 2, 9, 8), (5, 9, 8)),
        ((5, 9, 8, 3), (5, 9, 8)),
        ((9, 8), (9, 8)),
    ],
)
def test_the_axes_are_guessed_from_the_shape(shape, expected):
    assert segment_stack(draw(*shape), **KNOBS).shape == expected


def test_a_line_is_no_stack():
    with pytest.raises(ImageError, match=r"an image must have two axes at least; got shape \(9,\)"):
        segment_stack(draw(9))


def test_planes_that_need_their_neighbours_are_refused():
    told = "strategy one; got strategy follow, where each plane needs its"
    with pytest.raises(SettingsError, match=told):
        segment_stack(draw(3, 9, 8), strategy="follow")


def test_settings_beside_a_network_are_refused():
    _, network = train(draw(3, 9, 8), "TYX", (1,))
    with pytest.raises(SettingsError, match="has settings of its own; got mu as well"):
        segment_stack(draw(3, 9, 8), "TYX", network=network, mu=5)


def test_a_plane_that_is_not_there_is_refused():
    with pytest.raises(SettingsError, match=r"one index for each of T=…; got \(3,\)"):
        segment_stack(draw(3, 9, 8), "TYX", plane=(3,), **KNOBS)
