"""A plane is the same whichever way its pixels are wrapped, and is read alone."""

import dask.array as da
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_dynaseg.errors import FileError, ImageError
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.pixels import Scaling, to_plane
from napari_dynaseg.image.stack_image import StackImage

CANONICAL = "TZCYX"
DTYPES = ("?", "u1", "u2", ">u2", "i2", "i8", "f4", "f8")


def wrap(pixels, letters, **facts):
    return StackImage((pixels,), parse_axes(letters, pixels.shape), "cells", **facts)


def reorder(pixels, letters):
    """Bring an array of axes TZCYX, or TZYX, into the order of some letters."""
    own = CANONICAL if pixels.ndim == 5 else CANONICAL.replace("C", "")
    dropped = tuple(axis for axis, letter in enumerate(own) if letter not in letters)
    kept = [letter for letter in own if letter in letters]
    return pixels.squeeze(dropped).transpose([kept.index(letter) for letter in letters])


def scale(channels):
    return Scaling.measure([channels]).apply(channels)


@st.composite
def draw_pixels(draw):
    """Draw an array of axes TZCYX; a plane has more than one pixel."""
    stack = draw(st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(1, 6)))
    plane = draw(
        st.tuples(st.integers(1, 3), st.integers(1, 3)).filter(lambda size: size != (1, 1))
    )
    values = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 200, (*stack, *plane))
    return values.astype(draw(st.sampled_from(DTYPES)))


@st.composite
def draw_letters(draw, pixels):
    """Draw an order of the axes; those of one entry may be left out."""
    idle = [letter for letter, size in zip("TZC", pixels.shape, strict=False) if size == 1]
    left_out = draw(st.sets(st.sampled_from(idle))) if idle else set()
    return "".join(draw(st.permutations([x for x in CANONICAL if x not in left_out])))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_plane_is_the_same_in_any_order_of_axes_and_as_one_array_a_channel(data):
    pixels = data.draw(draw_pixels())
    letters = data.draw(draw_letters(pixels))
    whole = wrap(reorder(pixels, letters), letters)
    without = letters.replace("C", "")
    apart = StackImage(
        tuple(reorder(channel, without) for channel in np.moveaxis(pixels, 2, 0)),
        parse_axes(without, reorder(pixels[:, :, 0], without).shape),
        "cells",
    )
    assert whole.channels == apart.channels == pixels.shape[2]
    for image in (whole, apart):
        stack = [image.axes.names[axis] for axis in image.axes.stack]
        for position in image.axes.list_positions():
            at = dict.fromkeys("TZ", 0) | dict(
                zip(stack, (index for index in position if index is not None), strict=True)
            )
            channels = image.read_channels(position)
            expected = pixels[at["T"], at["Z"]]
            np.testing.assert_array_equal(channels, expected)
            assert channels.dtype == pixels.dtype
            np.testing.assert_array_equal(scale(channels), to_plane(expected, channel_axis=0))


@pytest.fixture
def pixels():
    """Give an image of axes TCYX: (3, 2, 4, 5)."""
    return np.arange(3 * 2 * 4 * 5, dtype=np.uint16).reshape(3, 2, 4, 5)


def test_dask_zarr_and_memory_maps_give_the_plane_that_numpy_gives(pixels, tmp_path):
    np.save(tmp_path / "cells.npy", pixels)
    stored = zarr.create_array({}, shape=pixels.shape, dtype=pixels.dtype, chunks=(1, 1, 4, 5))
    stored[:] = pixels
    wrapped = [
        pixels,
        da.from_array(pixels, chunks=(1, 1, 4, 5)),
        stored,
        np.load(tmp_path / "cells.npy", mmap_mode="r"),
    ]
    for array in wrapped:
        channels = wrap(array, "TCYX").read_channels((1, None, None, None))
        assert type(channels) is np.ndarray
        np.testing.assert_array_equal(channels, pixels[1])


def test_xarray_gives_the_plane_that_numpy_gives(pixels):
    xarray = pytest.importorskip("xarray")
    array = xarray.DataArray(pixels, dims=tuple("tcyx"))
    channels = wrap(array, "TCYX").read_channels((1, None, None, None))
    assert type(channels) is np.ndarray
    np.testing.assert_array_equal(channels, pixels[1])


@pytest.mark.parametrize("letters", ["TYXS", "TXYS"])
@pytest.mark.parametrize("samples", [3, 4])
def test_the_colours_of_rgb_are_its_channels_and_alpha_is_left_out(letters, samples):
    colours = np.random.default_rng(0).integers(0, 255, (2, 4, 5, samples), np.uint8)
    stored = zarr.create_array({}, shape=colours.shape, dtype=colours.dtype)
    stored[:] = colours
    for array in (colours, stored):
        image = wrap(array, letters)
        assert image.channels == 3
        channels = image.read_channels((1, None, None))
        rows_first = colours[1] if letters == "TYXS" else colours[1].swapaxes(0, 1)
        np.testing.assert_array_equal(channels, np.moveaxis(rows_first, -1, 0)[:3])
        np.testing.assert_array_equal(scale(channels), to_plane(rows_first))


def test_a_plane_has_its_own_memory(pixels):
    channels = wrap(pixels, "TCYX").read_channels((0, None, None, None))
    channels[:] = 0
    assert pixels[0].max() > 0


class OnePlaneOnly:
    """An array that notes which of its planes are read."""

    def __init__(self, pixels):
        self.shape, self.dtype, self._pixels, self.read = pixels.shape, pixels.dtype, pixels, []

    def __getitem__(self, index):
        self.read.append(index)
        return self._pixels[index]


def test_only_the_plane_asked_for_is_read(pixels):
    array = OnePlaneOnly(pixels)
    image = wrap(array, "TCYX")
    assert array.read == []
    image.read_channels((2, None, None, None))
    assert array.read == [(2, slice(None), slice(None), slice(None))]


def test_a_plane_that_cannot_be_read_is_named(pixels):
    def fail(block, block_info):
        if block_info[0]["chunk-location"][0] == 1:
            raise OSError("disk gone")
        return block

    lazy = da.from_array(pixels, chunks=(1, 2, 4, 5))
    image = wrap(lazy.map_blocks(fail, meta=np.empty((0,) * 4, np.uint16)), "TCYX")
    np.testing.assert_array_equal(image.read_channels((2, None, None, None)), pixels[2])
    with pytest.raises(FileError, match="cells: T=1 cannot be read: disk gone"):
        image.read_channels((1, None, None, None))


@pytest.mark.parametrize(
    ("beside", "expected"), [("?", "u2"), ("u1", "u1"), ("u2", "u2"), ("f4", "f4"), ("i2", "i4")]
)
def test_arrays_of_different_dtypes_are_widened_to_one(beside, expected):
    first, second = np.full((2, 3), 200, np.uint8), np.ones((2, 3), beside)
    image = StackImage((first, second), parse_axes("YX", (2, 3)), "cells")
    channels = image.read_channels((None, None))
    assert channels.dtype == np.dtype(expected)
    np.testing.assert_array_equal(channels, [first, second.astype(expected)])


def test_arrays_of_different_shapes_are_refused():
    with pytest.raises(ImageError, match=r"cells: .* shape \(4, 5\); got \(4, 6\)"):
        StackImage((np.zeros((4, 5)), np.zeros((4, 6))), parse_axes("YX", (4, 5)), "cells")


@pytest.mark.parametrize(("letters", "shape"), [("CYX", (2, 4, 5)), ("YXS", (4, 5, 3))])
def test_an_array_for_each_channel_leaves_no_channels_in_the_arrays(letters, shape):
    array = np.zeros(shape)
    with pytest.raises(ImageError, match="one array for each channel leaves no axis for channels"):
        StackImage((array, array), parse_axes(letters, shape), "cells")
