"""Labels are made again from their recipe, on the same image the same, on another their like."""

from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile
from tests.stacks_drawn import write_ome_zarr

from napari_dynaseg import Recipe, Settings
from napari_dynaseg.cli.batch import plan_outputs, segment_file
from napari_dynaseg.cli.replay_files import begin_replay, plan_replay, replay_plane
from napari_dynaseg.errors import FileError, ImageError, ImageWarning, SettingsError
from napari_dynaseg.files.formats import read_label_layer, write_label_layer
from napari_dynaseg.files.label_store import LabelStore
from napari_dynaseg.files.recipe_files import FoundRecipe, read_recipe
from napari_dynaseg.image.reader import open_image
from napari_dynaseg.image.selection import place_like
from napari_dynaseg.image.synthetic import draw_image
from napari_dynaseg.labels.numbering import RegionNumbers
from napari_dynaseg.labels.run_length import describe
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.method.run import iter_fit
from napari_dynaseg.recipes.recipe import SettingsChange
from napari_dynaseg.recipes.refinements import Paint, RefinementRecord
from napari_dynaseg.recipes.training_planes import TrainingPlanes
from napari_dynaseg.stacks.plan import StackRun, plan_stack

SMALL = Settings(channels=6, iterations=4, minimum_labels=1, device="cpu")


def draw(*shape, seed=0, dtype=np.uint16):
    return np.random.default_rng(seed).integers(0, 4000, shape).astype(dtype)


def write_stack(path, pixels, axes="TZCYX"):
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": axes})
    return str(path)


@pytest.fixture
def image(tmp_path):
    """Write a stack of 4 times and 3 depths, of 2 channels."""
    return write_stack(tmp_path / "stack.tif", draw(4, 3, 2, 9, 8))


@pytest.fixture
def output(tmp_path):
    return tmp_path / "again.tif"


def make_live(image, *positions, axes=None, level=None, turn=None):
    """Make labels as a viewer does: live numbers, and a knob turned at iteration 3."""
    stack = open_image(image, axes, level)
    training = TrainingPlanes.read(stack, [stack.axes.place(at) for at in positions])
    run = iter_fit(training.planes[0], SMALL, companions=training.planes[1:])
    numbers, turned = RegionNumbers(), ()
    step = next(run)
    numbers.follow(step.trained_labels)
    while step.iteration < SMALL.iterations:
        sent = turn if step.iteration == 2 else None
        step = run.send(sent)
        numbers.follow(step.trained_labels)
    if turn:
        turned = (SettingsChange(iteration=3, settings=turn.model_dump()),)
    recipe = Recipe.now(SMALL, 4, training.source, numbering="live", changes=turned)
    return numbers.apply(step.labels), recipe


def replay_to(output, recipe, image, **where):
    """Replay a recipe on one plane, and give the labels that were written."""
    list(replay_plane(plan_replay(FoundRecipe(recipe), image, output, **where)))
    return tifffile.imread(output)


@pytest.mark.parametrize(
    ("name", "shape", "axes"),
    [
        ("cells.png", (9, 8), None),
        ("cells.png", (9, 8, 3), None),
        ("cells.tif", (5, 9, 8), None),
        ("cells.tif", (9, 8, 5), "YXC"),
    ],
)
def test_labels_of_the_command_line_are_made_again(tmp_path, output, name, shape, axes):
    image, labels = tmp_path / name, tmp_path / "labels.tif"
    pixels = draw(*shape, dtype=np.uint8)
    if image.suffix == ".png":
        imageio.imwrite(image, pixels)
    else:
        tifffile.imwrite(image, pixels, photometric="minisblack")
    (plan,) = plan_outputs([image], labels, None, axes=axes)
    list(segment_file(plan, SMALL))
    found = read_recipe(labels)
    np.testing.assert_array_equal(
        replay_to(output, found.recipe, str(image)), tifffile.imread(labels)
    )
    made = read_recipe(output).recipe
    again = output.with_name("and again.tif")
    np.testing.assert_array_equal(replay_to(again, made, str(image)), tifffile.imread(labels))


def test_labels_of_user_size_are_made_again_with_the_defaults(tmp_path, output):
    image, labels = tmp_path / "cells.tif", tmp_path / "labels.tif"
    cells = draw_image(256, 256, 2).astype(np.uint16) * 200
    tifffile.imwrite(image, np.moveaxis(cells, -1, 0), photometric="minisblack")
    (plan,) = plan_outputs([image], labels, None)
    list(segment_file(plan, Settings(device="cpu")))
    recipe = read_recipe(labels).recipe
    assert (recipe.source.axes, recipe.source.position) == ("CYX", (None, None, None))
    np.testing.assert_array_equal(
        replay_to(output, recipe, str(image)), tifffile.imread(labels), strict=True
    )


def test_labels_of_a_plane_of_a_stack_are_made_again_with_its_companions(image, output):
    labels, recipe = make_live(image, (1, 2), (3, 0), turn=SMALL.change(mu=2))
    np.testing.assert_array_equal(replay_to(output, recipe, image), labels)
    made = read_recipe(output).recipe
    kept = {"versions", "created", "device", "threads"}
    assert made.model_dump(exclude=kept) == recipe.model_dump(exclude=kept)


def test_an_image_is_read_by_the_axes_of_the_recipe(image, output):
    labels, recipe = make_live(image, (2, 4), axes="TYCZX")  # cut across the planes of the file
    np.testing.assert_array_equal(replay_to(output, recipe, image), labels)


def test_an_image_is_read_at_the_level_of_the_recipe(tmp_path, output):
    path = tmp_path / "cells.ome.zarr"
    write_ome_zarr(path, draw(2, 1, 3, 16, 12), levels=2)
    labels, recipe = make_live(str(path), (1, 2), level=1)
    assert labels.shape == (8, 6)
    np.testing.assert_array_equal(replay_to(output, recipe, str(path)), labels)


def test_what_was_painted_is_painted_on_the_same_image_alone(image, output, tmp_path):
    labels, recipe = make_live(image, (1, 2))
    painted = labels.copy()
    painted[2:4, 3:6] = 50
    corrections = describe(labels, painted, recipe.source.position)
    recipe = recipe.model_copy(update={"corrections": corrections})
    np.testing.assert_array_equal(replay_to(output, recipe, image), painted)
    assert read_recipe(output).recipe.corrections == corrections
    other = write_stack(tmp_path / "other.tif", draw(4, 3, 2, 9, 8, seed=1))
    with pytest.warns(ImageWarning, match="left out: this is another image"):
        assert 50 not in replay_to(output, recipe, other)
    assert read_recipe(output).recipe.corrections == ()


def test_a_shorter_stack_gives_the_nearest_planes(image, output, tmp_path):
    _, recipe = make_live(image, (3, 2), (0, 0))
    other = write_stack(tmp_path / "other.tif", draw(2, 2, 2, 9, 8, seed=1))
    assert replay_to(output, recipe, other).shape == (9, 8)
    source = read_recipe(output).recipe.source
    assert source.position == (1, 1, None, None, None)
    assert source.companions == ((0, 0, None, None, None),)


def test_an_image_of_one_plane_needs_no_position(image, output, tmp_path):
    _, recipe = make_live(image, (1, 2))
    other = write_stack(tmp_path / "other.tif", draw(2, 9, 8), "CYX")
    assert replay_to(output, recipe, other).shape == (9, 8)


def test_of_an_unlike_stack_the_plane_must_be_told(image, output, tmp_path):
    _, recipe = make_live(image, (1, 2))
    other = write_stack(tmp_path / "other.tif", draw(5, 2, 9, 8), "TCYX")
    with pytest.raises(ImageError, match=r"is a stack \(T=5 .*\); say which plane"):
        plan_replay(FoundRecipe(recipe), other, output)
    assert replay_to(output, recipe, other, plane="T=4").shape == (9, 8)
    assert read_recipe(output).recipe.source.position == (4, None, None, None)
    with pytest.raises(SettingsError, match="T from 0 to 4; got '9'"):
        plan_replay(FoundRecipe(recipe), other, output, plane="T=9")


def test_an_output_that_is_the_image_or_no_label_file_is_refused(image, output):
    _, recipe = make_live(image, (1, 2))
    with pytest.raises(FileError, match="is the image itself"):
        plan_replay(FoundRecipe(recipe), image, Path(image))
    with pytest.raises(FileError, match=r"ends in .tif, .tiff, .zarr; got .*again.png"):
        plan_replay(FoundRecipe(recipe), image, output.with_suffix(".png"))


def test_a_layer_takes_the_size_of_a_pixel(tmp_path):
    path = tmp_path / "cells.ome.zarr"
    write_ome_zarr(path, draw(2, 1, 3, 9, 8))
    labels, recipe = make_live(str(path), (1, 2))
    output = tmp_path / "again.dynaseg.ome.tif"
    list(replay_plane(plan_replay(FoundRecipe(recipe), str(path), output)))
    pixels, state = read_label_layer(output)
    np.testing.assert_array_equal(pixels, labels)
    assert (state.scale, state.units) == ((0.5, 0.5), ("micrometer", "micrometer"))


@pytest.mark.parametrize("strategy", ["one", "follow", "each"])
def test_the_labels_of_a_stack_are_made_again(image, tmp_path, strategy):
    settings = SMALL.change(strategy=strategy, follow_iterations=2, training_planes=3)
    plan = plan_stack(
        open_image(image), tmp_path / "first.ome.zarr", settings, plane="T=2", planes="T=1:4"
    )
    run = StackRun.begin(plan)
    list(run.train())
    list(run.segment())
    found = read_recipe(plan.output)
    again = begin_replay(plan_replay(found, image, tmp_path / "again.ome.zarr"))
    list(again.train())
    assert list(again.segment())
    np.testing.assert_array_equal(again.store.array[:], run.store.array[:])
    assert not again.store.array[0].any()
    assert again.read_network().recipe.source == run.read_network().recipe.source


def test_the_labels_of_a_network_that_was_given_are_made_by_it(image, tmp_path):
    first = StackRun.begin(plan_stack(open_image(image), tmp_path / "first.ome.zarr", SMALL))
    list(first.train())
    network = first.read_network()
    other = write_stack(tmp_path / "other.tif", draw(2, 3, 2, 9, 8, seed=1))
    plan = plan_stack(
        open_image(other), tmp_path / "second.ome.zarr", network.settings, network=network
    )
    second = StackRun.begin(plan)
    list(second.segment())
    found = read_recipe(plan.output)
    again = begin_replay(plan_replay(found, other, tmp_path / "again.ome.zarr"))
    assert again.is_trained
    list(again.segment())
    np.testing.assert_array_equal(again.store.array[:], second.store.array[:])
    one = plan_replay(found, other, tmp_path / "one.tif", plane="T=1,Z=2")
    assert list(replay_plane(one)) == []
    np.testing.assert_array_equal(tifffile.imread(one.output), second.store.array[1, 2, 0])


def test_a_network_for_other_channels_is_refused(image, tmp_path):
    first = StackRun.begin(plan_stack(open_image(image), tmp_path / "first.ome.zarr", SMALL))
    list(first.train())
    found = FoundRecipe(first.read_network().recipe, first.read_network())
    other = write_stack(tmp_path / "other.tif", draw(2, 3, 9, 8), "TZYX")
    with pytest.raises(ImageError, match="network, 2; got 1"):
        begin_replay(plan_replay(found, other, tmp_path / "again.ome.zarr"))


@pytest.fixture
def painted_stack(image, tmp_path):
    """Segment a stack as a viewer does, paint on two of its planes, and save it."""
    labels, recipe = make_live(image, (1, 2), turn=SMALL.change(mu=2))
    ends = ((0, 0, None, None, None), (3, 2, None, None, None))
    recipe = recipe.model_copy(update={"planes": ends})
    path = tmp_path / "first.dynaseg.ome.zarr"
    first = begin_replay(plan_replay(FoundRecipe(recipe), image, path))
    list(first.train())
    list(first.segment())
    np.testing.assert_array_equal(first.store.array[1, 2, 0], labels)
    corrections = ()
    for at in ((1, 2, None, None, None), (3, 0, None, None, None)):
        before = first.store.read_plane(at)
        after = before.copy()
        after[:2] = 60 + at[0]
        first.store.write_plane(at, after)
        corrections += describe(before, after, at)
    array, state = read_label_layer(path)
    recipe = Recipe.from_metadata(state.metadata).model_copy(update={"corrections": corrections})
    write_label_layer(path, array, state.model_copy(update={"metadata": recipe.to_metadata()}))
    return first


def test_what_was_painted_on_a_stack_is_painted_on_the_same_stack_alone(
    painted_stack, image, tmp_path
):
    found = read_recipe(painted_stack.plan.output)
    again = begin_replay(plan_replay(found, image, tmp_path / "again.ome.zarr"))
    list(again.train())
    list(again.segment())
    np.testing.assert_array_equal(again.store.array[:], painted_stack.store.array[:])
    other = write_stack(tmp_path / "other.tif", draw(4, 3, 2, 9, 8, seed=1))
    unlike = begin_replay(plan_replay(found, other, tmp_path / "other.ome.zarr"))
    list(unlike.train())
    with pytest.warns(ImageWarning, match="left out: this is another image"):
        list(unlike.segment())
    assert unlike.store.array[:].max() < 50


def test_the_recipe_of_a_plane_goes_through_a_whole_stack(image, tmp_path):
    labels, recipe = make_live(image, (1, 2))
    run = begin_replay(plan_replay(FoundRecipe(recipe), image, tmp_path / "all.ome.zarr"))
    list(run.train())
    assert len(list(run.segment())) == 12
    np.testing.assert_array_equal(run.store.array[1, 2, 0], labels)


def test_a_stack_without_the_recipes_planes_is_labelled_whole(image, tmp_path):
    _, recipe = make_live(image, (3, 2))
    ends = ((3, 2, None, None, None), (3, 2, None, None, None))
    recipe = recipe.model_copy(update={"planes": ends})
    other = write_stack(tmp_path / "other.tif", draw(2, 2, 2, 9, 8, seed=1))
    run = begin_replay(plan_replay(FoundRecipe(recipe), other, tmp_path / "all.ome.zarr"))
    assert len(run.plan.positions) == 4


def test_a_replay_that_was_stopped_goes_on(image, tmp_path):
    _, recipe = make_live(image, (1, 2))
    plan = plan_replay(FoundRecipe(recipe), image, tmp_path / "all.ome.zarr")
    first = begin_replay(plan)
    list(first.train())
    walk = first.segment()
    next(walk)
    walk.close()
    second = begin_replay(plan)
    assert second.is_trained
    assert len(second.list_missing()) == 11
    assert len(list(second.segment())) == 11
    assert LabelStore.open(plan.output).list_missing() == []


def test_the_replay_of_another_recipe_with_the_same_settings_does_not_go_on(image, tmp_path):
    _, recipe = make_live(image, (1, 2))
    _, turned = make_live(image, (1, 2), turn=SMALL.change(mu=2))
    assert recipe.settings == turned.settings
    output = tmp_path / "all.ome.zarr"
    begin_replay(plan_replay(FoundRecipe(recipe), image, output))
    with pytest.raises(FileError, match=r"was made for something else: it replays another recipe"):
        begin_replay(plan_replay(FoundRecipe(turned), image, output))


def test_positions_are_found_by_their_indices(image):
    axes = open_image(image).axes
    assert place_like(axes, (None, 9, 1, None)) == (3, 1, None, None, None)
    assert place_like(axes, (1, None, None)) is None
    assert place_like(axes, ()) is None


def refine_at(position, labels, drawn):
    """Describe a refinement by two painted pixels of a plane, and its scribbles."""
    shown = labels.copy()
    shown[2, 3:5] = 50
    painted = Paint(position, shown, (shown == 50) | (drawn > 0)).describe()
    return RefinementRecord.of(position, "this", painted, SMALL.change(refine_iterations=2))


def test_scribbles_and_refinements_of_a_stack_are_made_again_or_left_out(image, tmp_path):
    drawn = np.zeros((9, 8), np.int32)
    drawn[1:4, 2] = 30
    options = {"plane": "T=1,Z=2", "scribbled": drawn}
    first = StackRun.begin(
        plan_stack(open_image(image), tmp_path / "first.ome.zarr", SMALL, **options)
    )
    list(first.train())
    list(first.segment())
    position = (1, 2, None, None, None)
    labels = first.store.read_plane(position)
    assert (labels[drawn > 0] == 30).all()
    recipe = first.read_network().recipe
    recipe = recipe.model_copy(
        update={
            "refinements": (
                refine_at(position, labels, drawn),
                refine_at((9, 9, None, None, None), labels, drawn),
            )
        }
    )
    plan = plan_replay(FoundRecipe(recipe), image, tmp_path / "again.ome.zarr")
    run = begin_replay(plan)
    list(run.train())
    with pytest.warns(ImageWarning, match="there is no such plane"):
        list(run.segment())
    again = run.store.read_plane(position)
    assert (again[2, 3:5] == 50).all()
    assert (again[drawn > 0] == 30).all()
    assert read_recipe(tmp_path / "again.ome.zarr").recipe.refinements == recipe.refinements
    other = write_stack(tmp_path / "other.tif", draw(4, 3, 2, 9, 8, seed=1))
    plan = plan_replay(FoundRecipe(recipe), other, tmp_path / "other.ome.zarr")
    run = begin_replay(plan)
    list(run.train())
    with pytest.warns(ImageWarning, match="left out: this is another image"):
        list(run.segment())
    assert read_recipe(tmp_path / "other.ome.zarr").recipe.refinements == ()


@pytest.mark.parametrize("size", [(9, 8), (256, 270)])
def test_a_stack_limited_to_a_part_is_made_again_by_its_strokes_and_companions(tmp_path, size):
    image = write_stack(tmp_path / "cells.tif", draw(3, *size), axes="ZYX")
    mask, strokes, guidance = np.zeros((3, *size), np.int32)
    mask[2:, 1:7], strokes[1:4, 2], guidance[:, :5] = 1, 30, 6
    plan = plan_stack(
        open_image(image),
        tmp_path / "first.ome.zarr",
        SMALL.change(training_planes=2),
        plane="Z=1",
        within=RegionOfInterest.of(mask, size),
        scribbled=strokes,
        guidance=guidance,
    )
    first = StackRun.begin(plan)
    list(first.train())
    list(first.segment())
    found = FoundRecipe(first.read_network().recipe)
    again = begin_replay(plan_replay(found, image, tmp_path / "again.ome.zarr"))
    list(again.train())
    list(again.segment())
    np.testing.assert_array_equal(again.store.array[:], first.store.array[:])
    assert (again.store.array[1][2:4, 2] == 30).all()
    assert not again.store.array[:][:, mask == 0].any()
