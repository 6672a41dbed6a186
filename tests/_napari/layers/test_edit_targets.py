"""A correction works on the plane on view or on all, or says why it cannot."""

import dask.array as da
import numpy as np
import pytest
import zarr
from napari.components import ViewerModel

from napari_dynaseg._napari.layers.edit_targets import find_target, read_locked, write_locked
from napari_dynaseg.errors import EditError


@pytest.fixture
def viewer():
    return ViewerModel()


def add_stack(viewer, data=None, **options):
    data = np.arange(24, dtype=np.int32).reshape(2, 3, 4) if data is None else data
    return viewer.add_labels(data, name="mine", **options)


def test_this_plane_is_the_one_on_view(viewer):
    layer = add_stack(viewer, scale=(3, 1, 1))
    viewer.dims.set_point(0, 3.0)
    target = find_target(layer, viewer.dims, "This plane")
    assert target.index == (1, slice(None), slice(None))
    assert target.shape == (3, 4)
    np.testing.assert_array_equal(target.read(), layer.data[1])
    assert target.find_pixel((3.0, 2.2, 0.9), viewer.dims) == (2, 1)
    assert target.read_pixels([(2, 1), (0, 0)]) == [21, 12]


def test_rolled_axes_are_followed(viewer):
    layer = add_stack(viewer)
    viewer.dims.order = (2, 0, 1)
    viewer.dims.set_current_step(2, 3)
    target = find_target(layer, viewer.dims, "This plane")
    np.testing.assert_array_equal(target.read(), layer.data[:, :, 3])


def test_all_planes_are_read_as_one(viewer):
    layer = add_stack(viewer)
    target = find_target(layer, viewer.dims, "All planes")
    np.testing.assert_array_equal(target.read(), layer.data)
    assert not np.shares_memory(target.read(), layer.data)
    assert target.read_highest() == 23


def test_a_stack_on_disk_is_read_as_any_other(viewer, tmp_path):
    stored = zarr.create_array(tmp_path / "a.zarr", shape=(2, 3, 4), dtype="int32")
    stored[:] = np.arange(24).reshape(2, 3, 4)
    layer = add_stack(viewer, stored)
    target = find_target(layer, viewer.dims, "This plane")
    np.testing.assert_array_equal(target.read(), stored[0])
    assert target.read_pixels([(2, 1)]) == [9]
    assert target.read_pixels([]) == []
    assert target.read_highest() == 23


def test_a_flat_layer_is_its_own_plane_whatever_else_is_on_view(viewer):
    viewer.add_image(np.zeros((5, 3, 4)))
    layer = viewer.add_labels(np.ones((3, 4), np.int32))
    viewer.dims.ndisplay = 3
    assert find_target(layer, viewer.dims, "This plane").shape == (3, 4)


def test_a_view_in_3d_has_no_plane(viewer):
    layer = add_stack(viewer)
    viewer.dims.ndisplay = 3
    with pytest.raises(EditError, match="switch it to 2D"):
        find_target(layer, viewer.dims, "This plane")
    assert find_target(layer, viewer.dims, "All planes").shape == (2, 3, 4)


def test_a_view_beside_the_layer_has_no_plane(viewer):
    viewer.add_image(np.zeros((9, 3, 4)))
    layer = add_stack(viewer)
    viewer.dims.set_current_step(0, 5)
    with pytest.raises(EditError, match="beside 'mine' on axis 0.*0 to 1; got 5"):
        find_target(layer, viewer.dims, "This plane")


def test_a_view_along_an_axis_that_the_layer_lacks_is_told(viewer):
    viewer.add_image(np.zeros((9, 3, 4)))
    layer = viewer.add_labels(np.ones((3, 4), np.int32), name="mine")
    viewer.dims.order = (1, 0, 2)
    with pytest.raises(EditError, match="an axis that 'mine' does not have"):
        find_target(layer, viewer.dims, "This plane")


def test_layers_that_take_no_edit_are_refused(viewer, tmp_path):
    fixed = np.ones((3, 4), np.int32)
    fixed.flags.writeable = False
    with pytest.raises(EditError, match="read-only"):
        find_target(viewer.add_labels(fixed), viewer.dims, "This plane")
    with pytest.raises(EditError, match="lazy array"):
        find_target(viewer.add_labels(da.ones((3, 4), dtype=int)), viewer.dims, "This plane")
    levels = [np.ones((8, 8), np.int32), np.ones((4, 4), np.int32)]
    pyramid = viewer.add_labels(levels, multiscale=True)
    with pytest.raises(EditError, match="edited now|resolutions"):
        find_target(pyramid, viewer.dims, "This plane")
    zarr.create_array(tmp_path / "a.zarr", shape=(3, 4), dtype="int32")
    stored = zarr.open_array(tmp_path / "a.zarr", mode="r")
    with pytest.raises(EditError, match="read-only"):
        find_target(viewer.add_labels(stored), viewer.dims, "This plane")


def test_a_layer_that_a_run_writes_is_refused(viewer):
    layer = add_stack(viewer)
    layer.editable = False
    with pytest.raises(EditError, match="'mine' cannot be edited now"):
        find_target(layer, viewer.dims, "All planes")


def test_labels_beyond_int32_are_refused_and_within_are_read(viewer):
    layer = viewer.add_labels(np.array([[1, 2**31]], np.uint32))
    with pytest.raises(EditError, match="too high"):
        find_target(layer, viewer.dims, "This plane").read()
    small = viewer.add_labels(np.array([[1, 255]], np.uint8))
    assert find_target(small, viewer.dims, "This plane").read().dtype == np.int32


def test_a_stack_too_large_for_the_memory_is_refused(viewer, monkeypatch):
    target = find_target(add_stack(viewer), viewer.dims, "All planes")
    monkeypatch.setattr("napari_dynaseg._napari.layers.edit_targets.BYTES_A_PIXEL", 10**15)
    with pytest.raises(EditError, match="plane by plane"):
        target.read()


def test_what_may_change_is_what_is_covered_and_not_painted(viewer):
    layer = viewer.add_labels(np.ones((2, 3), np.int32))
    mask = viewer.add_labels(np.array([[1, 1, 0], [1, 0, 0]]))
    painted = np.array([[True, False, False], [False, False, True]])

    def where(*arguments):
        return find_target(layer, viewer.dims, "This plane", *arguments).read_where()

    assert where() is None
    np.testing.assert_array_equal(where(mask), mask.data == 1)
    np.testing.assert_array_equal(where(None, lambda *_: painted), ~painted)
    np.testing.assert_array_equal(
        where(mask, lambda *_: painted), [[False, True, False], [True, False, False]]
    )


def test_a_cover_of_nothing_is_told(viewer):
    layer = viewer.add_labels(np.ones((2, 3), np.int32))
    mask = viewer.add_labels(np.zeros((2, 3), np.int32))
    with pytest.raises(EditError, match="covers no pixel"):
        find_target(layer, viewer.dims, "This plane", mask).read_where()


def test_locks_are_kept_in_the_metadata_beside_what_is_there(viewer):
    layer = viewer.add_labels(np.ones((2, 3), np.int32), metadata={"mine": 1})
    assert read_locked(layer) == ()
    write_locked(layer, [7, np.int32(3), 7])
    assert layer.metadata == {"mine": 1, "dynaseg_locked": [3, 7]}
    assert find_target(layer, viewer.dims, "This plane").locked == (3, 7)
