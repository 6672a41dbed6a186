"""OME-Zarrs of label layers: any reader opens them, and ours gives all of it back."""

import json
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from napari_dynaseg import Settings
from napari_dynaseg.errors import FileError
from napari_dynaseg.files.label_state import LayerState
from napari_dynaseg.files.label_store import STORE_KEY, LabelStore
from napari_dynaseg.files.label_zarr import open_store, read_label_zarr, write_label_zarr
from napari_dynaseg.files.ome_labels import LAYER_ZARR_ENDING
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.reader import open_image
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.labels.run_length import describe
from napari_dynaseg.recipes.recipe import METADATA_KEY, Recipe
from napari_dynaseg.stacks.plan import StackRun, plan_stack

STATE = LayerState(
    name="cells",
    scale=(2.0, 0.5, 0.25),
    translate=(0.0, 1.0, 2.0),
    units=("second", "micrometer", "micrometer"),
    axis_labels=("t", "y", "x"),
    metadata={"dynaseg_note": "ü"},
)
NAMELESS = LayerState(name="cells")


def draw(*shape, dtype=np.int32):
    return np.random.default_rng(0).integers(0, 9, shape).astype(dtype)


@pytest.fixture
def path(tmp_path):
    return tmp_path / f"cells{LAYER_ZARR_ENDING}"


@pytest.fixture
def run(path):
    """Begin a run through 3 planes of 2 channels, whose pixels have a size."""
    pixels = draw(3, 2, 6, 5, dtype=np.uint8)
    axes = parse_axes("TCYX", pixels.shape)
    units = ("second", "pixel", "micrometer", "micrometer")
    stack = StackImage((pixels,), axes, "drawn", None, (2.0, 1.0, 0.5, 0.5), units)
    settings = Settings(channels=4, iterations=2, minimum_labels=1, device="cpu")
    return StackRun.begin(plan_stack(stack, path, settings, planes="T=0:2"))


@pytest.fixture
def finished(run):
    """Train and label it."""
    list(run.train())
    list(run.segment())
    return run


@given(st.data())
def test_pixels_of_any_whole_dtype_and_shape_come_back_as_they_were(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("layers") / f"cells{LAYER_ZARR_ENDING}"
    dtype = data.draw(st.sampled_from(["int8", "uint16", "int32", "int64", "uint64"]))
    pixels = data.draw(npst.arrays(dtype, npst.array_shapes(min_dims=2, max_dims=5, max_side=3)))
    write_label_zarr(path, pixels, NAMELESS)
    back, state = read_label_zarr(path)
    np.testing.assert_array_equal(back[:], pixels, strict=True)
    assert state == NAMELESS


def test_the_state_comes_back_as_it_was(path):
    write_label_zarr(path, draw(3, 5, 4), STATE)
    assert read_label_zarr(path)[1] == STATE


def test_pixels_that_are_set_are_on_disk(path):
    write_label_zarr(path, draw(3, 5, 4), STATE)
    read_label_zarr(path)[0][1, 2, 3] = 77
    assert read_label_zarr(path)[0][1, 2, 3] == 77


def test_other_readers_find_an_ome_zarr_with_axes_and_sizes_of_pixels(path):
    write_label_zarr(path, draw(3, 5, 4), STATE)
    stack = open_image(path)
    assert stack.axes.sentence == "T=3 · Y×X segmented"
    assert (stack.scale, stack.units) == (STATE.scale, STATE.units)
    np.testing.assert_array_equal(stack.read_channels((1, None, None))[0], draw(3, 5, 4)[1])
    json.loads((path / "zarr.json").read_text(), parse_constant=pytest.fail)


def test_a_layer_that_is_there_is_replaced(path):
    write_label_zarr(path, draw(3, 5, 4), STATE)
    write_label_zarr(path, draw(2, 2), NAMELESS)
    assert read_label_zarr(path)[0].shape == (2, 2)
    assert list(path.parent.iterdir()) == [path]


def test_anything_else_that_is_there_stays(path):
    path.mkdir()
    (path / "thesis.txt").write_text("dear")
    with pytest.raises(FileError, match="cannot be read"):
        write_label_zarr(path, draw(2, 2), NAMELESS)
    assert (path / "thesis.txt").read_text() == "dear"


def test_an_ome_zarr_of_others_is_neither_read_nor_replaced(path):
    zarr.create_group(path, attributes={"ome": {}})
    for attempt in (read_label_zarr, lambda path: write_label_zarr(path, draw(2, 2), NAMELESS)):
        with pytest.raises(FileError, match="holds no label layer of napari-dynaseg"):
            attempt(path)


def test_a_layer_that_cannot_be_read_to_its_end_leaves_the_old_one(path):
    class Broken:
        shape, dtype = (2, 2, 2), np.dtype(np.uint8)

        def __getitem__(self, index):
            if index[0]:
                raise OSError("the disk is gone")
            return np.zeros((2, 2), np.uint8)

    write_label_zarr(path, draw(5, 4), NAMELESS)
    with pytest.raises(FileError, match="cannot be written: the disk is gone"):
        write_label_zarr(path, Broken(), NAMELESS)
    np.testing.assert_array_equal(read_label_zarr(path)[0][:], draw(5, 4))
    assert list(path.parent.iterdir()) == [path]


def test_a_layer_saved_where_its_pixels_lie_keeps_them(path):
    write_label_zarr(path, draw(3, 5, 4), NAMELESS)
    pixels, _ = read_label_zarr(path)
    write_label_zarr(path, pixels, STATE)
    again, state = read_label_zarr(path)
    np.testing.assert_array_equal(again[:], draw(3, 5, 4))
    assert state == STATE
    assert open_image(path).scale == STATE.scale


def test_a_layer_copied_elsewhere_leaves_its_own_folder(path, tmp_path):
    write_label_zarr(path, draw(3, 5, 4), NAMELESS)
    pixels, _ = read_label_zarr(path)
    copy = tmp_path / f"copy{LAYER_ZARR_ENDING}"
    write_label_zarr(copy, pixels, STATE)
    np.testing.assert_array_equal(read_label_zarr(copy)[0][:], draw(3, 5, 4))
    assert read_label_zarr(path)[1] == NAMELESS


def test_the_labels_of_a_run_come_with_their_place_and_the_recipe_of_their_network(finished):
    array, state = read_label_zarr(finished.plan.output)
    np.testing.assert_array_equal(array[0, 0], finished.store.read_plane((0, None, None, None)))
    # The one entry for the channels is stretched over both.
    assert (state.scale, state.translate) == ((2.0, 2.0, 0.5, 0.5), (0.0, 0.5, 0.0, 0.0))
    assert state.axis_labels == ("t", "c", "y", "x")
    recipe = Recipe.from_metadata(state.metadata)
    expected = finished.read_network().recipe
    assert recipe.planes == ((0, None, None, None), (1, None, None, None))
    assert recipe.model_copy(update={"planes": None}) == expected


def test_a_run_that_is_not_trained_yet_has_no_recipe(run):
    assert read_label_zarr(run.plan.output)[1].metadata == {}


def test_a_run_saved_in_its_place_keeps_its_network_and_goes_on(finished):
    path = finished.plan.output
    array, state = read_label_zarr(path)
    painted = describe(np.ones((6, 5), int), np.full((6, 5), 7), (0, None, None, None))
    recipe = Recipe.from_metadata(state.metadata).model_copy(
        update={"corrections": painted, "planes": None}
    )
    metadata = {**state.metadata, **recipe.to_metadata(), "mine": 1}
    write_label_zarr(path, array, state.model_copy(update={"name": "new", "metadata": metadata}))
    _, back = read_label_zarr(path)
    assert (back.name, back.metadata["mine"]) == ("new", 1)
    kept = Recipe.from_metadata(back.metadata)
    assert kept.corrections == painted
    assert kept.planes == ((0, None, None, None), (1, None, None, None))
    assert StackRun.begin(finished.plan).list_missing() == []
    assert finished.read_network().recipe.corrections == ()


def test_a_damaged_network_is_told_so(finished):
    finished.store.write_note("network", b"12345678 and no more")
    with pytest.raises(FileError, match="its network cannot be read"):
        read_label_zarr(finished.plan.output)


def test_only_a_run_has_a_store(path, finished, tmp_path):
    assert open_store(path).path == path
    plain = tmp_path / f"plain{LAYER_ZARR_ENDING}"
    write_label_zarr(plain, draw(5, 4), NAMELESS)
    assert open_store(plain) is None
    assert STORE_KEY not in zarr.open_group(plain).attrs
    assert METADATA_KEY in zarr.open_group(path).attrs
    assert isinstance(open_store(path), LabelStore)


def test_a_folder_without_its_array_is_refused(path):
    write_label_zarr(path, draw(5, 4), NAMELESS)
    del zarr.open_group(path)["0"]
    with pytest.raises(FileError, match="expected an array of labels; got None"):
        read_label_zarr(path)


def test_a_layer_that_cannot_be_put_in_place_leaves_the_old_one(path, monkeypatch):
    write_label_zarr(path, draw(5, 4), NAMELESS)
    rename = Path.rename

    def fail(self, target):
        if self.suffix == ".partial":
            raise OSError("the disk is full")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(FileError, match="cannot be written: the disk is full"):
        write_label_zarr(path, draw(2, 2), NAMELESS)
    np.testing.assert_array_equal(read_label_zarr(path)[0][:], draw(5, 4))
    assert list(path.parent.iterdir()) == [path]
