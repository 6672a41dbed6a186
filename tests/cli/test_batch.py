"""Many files: which output belongs to which image, and making it."""

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

from napari_dynaseg import Settings, TrainedNetwork, replay, segment, to_plane
from napari_dynaseg.cli.batch import FilePlan, label_file, plan_outputs, segment_file
from napari_dynaseg.errors import FileError, ImageError
from napari_dynaseg.files.plain_labels import read_labels

SMALL = Settings(channels=8, iterations=3, minimum_labels=1, device="cpu")


@pytest.fixture
def images(tmp_path):
    paths = [tmp_path / "in" / name for name in ("a.png", "b.png")]
    (tmp_path / "in").mkdir()
    for seed, path in enumerate(paths):
        imageio.imwrite(path, np.random.default_rng(seed).integers(0, 256, (12, 10), np.uint8))
    return paths


@pytest.mark.parametrize("name", ["out.tif", "out.TIFF"])
def test_the_output_of_a_single_image_may_be_a_file(tmp_path, images, name):
    plans = plan_outputs(images[:1], tmp_path / name, tmp_path / "look.png")
    assert plans == [FilePlan(images[0], tmp_path / name, tmp_path / "look.png")]


def test_outputs_in_a_folder_are_named_after_their_images(tmp_path, images):
    labels, previews = tmp_path / "labels", tmp_path / "previews"
    assert plan_outputs([tmp_path / "in"], labels, previews) == [
        FilePlan(images[0], labels / "a_labels.tif", previews / "a_preview.png"),
        FilePlan(images[1], labels / "b_labels.tif", previews / "b_preview.png"),
    ]


def test_without_a_preview_none_is_planned(tmp_path, images):
    assert [plan.preview for plan in plan_outputs(images, tmp_path / "out", None)] == [None, None]


def test_a_folder_that_is_there_may_look_like_a_file(tmp_path, images):
    folder = tmp_path / "version.2"
    folder.mkdir()
    plan = plan_outputs(images[:1], folder, None)[0]
    assert plan.labels == folder / "a_labels.tif"


def test_several_images_cannot_go_into_one_file(tmp_path, images):
    with pytest.raises(FileError, match=r"all\.tif is one file, but there are several images"):
        plan_outputs(images, tmp_path / "all.tif", None)


@pytest.mark.parametrize("name", ["out.png", "out.npy"])
def test_labels_go_into_a_tiff_only(tmp_path, images, name):
    with pytest.raises(FileError, match=rf"{name} must be a folder or end in \.tif or \.tiff"):
        plan_outputs(images[:1], tmp_path / name, None)


def test_a_preview_goes_into_a_picture_only(tmp_path, images):
    with pytest.raises(FileError, match=r"look\.tif must be a folder or end in \.png or \.jpg"):
        plan_outputs(images[:1], tmp_path / "out", tmp_path / "look.tif")


def test_two_images_that_would_share_an_output_are_refused(tmp_path, images):
    twin = tmp_path / "a.jpg"
    twin.touch()
    with pytest.raises(FileError, match=r"a\.png and .*a\.jpg would share one output; rename one"):
        plan_outputs([*images, twin], tmp_path / "out", None)


def test_an_output_that_is_there_already_is_found(tmp_path, images):
    plan = plan_outputs(images[:1], tmp_path / "out.tif", tmp_path / "look.png")[0]
    assert plan.find_existing() is None
    plan.preview.touch()
    assert plan.find_existing() == plan.preview
    plan.labels.touch()
    assert plan.find_existing() == plan.labels


def test_a_file_is_segmented_as_its_pixels_are(tmp_path, images):
    plan = FilePlan(images[0], tmp_path / "out.tif", None)
    steps = list(segment_file(plan, SMALL))
    expected = segment(imageio.imread(images[0]), **SMALL.model_dump())
    assert [step.iteration for step in steps] == [1, 2, 3]
    np.testing.assert_array_equal(read_labels(plan.labels)[0], expected)


def test_the_recipe_in_an_output_makes_it_again(tmp_path, images):
    plan = FilePlan(images[0], tmp_path / "out.tif", None)
    list(segment_file(plan, SMALL))
    labels, recipe = read_labels(plan.labels)
    assert (recipe.source.name, recipe.source.path) == ("a.png", str(images[0]))
    assert (recipe.settings, recipe.last_iteration) == (SMALL.model_dump(), 3)
    np.testing.assert_array_equal(replay(to_plane(imageio.imread(images[0])), recipe), labels)


def test_nothing_is_written_for_a_run_that_was_left_early(tmp_path, images):
    run = segment_file(FilePlan(images[0], tmp_path / "out.tif", None), SMALL)
    next(run)
    run.close()
    assert not (tmp_path / "out.tif").exists()


def test_a_network_that_is_saved_labels_its_own_image_and_another(tmp_path, images):
    kept = tmp_path / "cells.dynaseg.safetensors"
    plan = FilePlan(images[0], tmp_path / "a.tif", None, network=kept)
    list(segment_file(plan, SMALL))
    network = TrainedNetwork.load(kept)
    for image, name in zip(images, ("c.tif", "d.tif"), strict=True):
        again = FilePlan(image, tmp_path / name, tmp_path / "look.png")
        count = label_file(again, network)
        labels, recipe = read_labels(again.labels)
        np.testing.assert_array_equal(labels, network.label(imageio.imread(image)[None]))
        assert count == len(np.unique(labels))
        assert recipe == network.recipe
    np.testing.assert_array_equal(read_labels(tmp_path / "c.tif")[0], read_labels(plan.labels)[0])
    assert imageio.imread(tmp_path / "look.png").shape == (12, 10, 3)


def test_a_network_of_other_channels_is_refused(tmp_path, images):
    kept = tmp_path / "cells.dynaseg.safetensors"
    list(segment_file(FilePlan(images[0], tmp_path / "a.tif", None, network=kept), SMALL))
    imageio.imwrite(tmp_path / "rgb.png", np.zeros((12, 10, 3), np.uint8))
    plan = FilePlan(tmp_path / "rgb.png", tmp_path / "b.tif", None)
    with pytest.raises(
        ImageError, match=r"rgb\.png: the number of channels must be that of the network, 1; got 3"
    ):
        label_file(plan, TrainedNetwork.load(kept))


def test_a_network_that_is_there_is_kept(tmp_path, images):
    kept = tmp_path / "cells.dynaseg.safetensors"
    kept.touch()
    (plan,) = plan_outputs(images[:1], tmp_path / "out.tif", None, network=kept)
    assert plan.find_existing() == kept


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "all.pt",
            r"a network is kept in a file that ends in \.dynaseg\.safetensors; got .*all\.pt",
        ),
        ("all.dynaseg.safetensors", "all.* keeps one network, but there are 2 images"),
    ],
)
def test_a_network_that_cannot_be_kept_is_refused(tmp_path, images, name, told):
    with pytest.raises(FileError, match=told):
        plan_outputs(images, tmp_path / "out", None, network=tmp_path / name)


def test_the_axes_of_a_file_that_does_not_tell_can_be_given(tmp_path):
    pixels = np.arange(2 * 4 * 20, dtype=np.uint16).reshape(4, 20, 2)
    tifffile.imwrite(tmp_path / "deep.tif", pixels, photometric="minisblack")
    plan = FilePlan(tmp_path / "deep.tif", tmp_path / "out.tif", None, axes="XYC")
    np.testing.assert_array_equal(plan.open().read_first(), pixels.transpose(2, 1, 0))


def test_a_level_of_a_pyramid_can_be_chosen(tmp_path):
    pixels = np.arange(16 * 16, dtype=np.uint16).reshape(16, 16)
    with tifffile.TiffWriter(tmp_path / "pyramid.tif") as tiff:
        tiff.write(pixels, subifds=1, tile=(16, 16))
        tiff.write(pixels[::2, ::2], subfiletype=1, tile=(16, 16))
    plan = FilePlan(tmp_path / "pyramid.tif", tmp_path / "out.tif", None, level=1)
    np.testing.assert_array_equal(plan.open().read_first()[0], pixels[::2, ::2])


@pytest.mark.parametrize(
    ("axes", "given", "told"),
    [
        ("TYX", None, r"is a stack \(T=5\); expected one plane; give an output that ends in \.ome"),
        (
            "QYX",
            "TYX",
            r"is a stack \(T=5\); expected one plane; give an output that ends in \.ome",
        ),
    ],
)
def test_a_stack_is_sent_to_another_kind_of_output(tmp_path, axes, given, told):
    tifffile.imwrite(tmp_path / "stack.tif", np.zeros((5, 9, 8), np.uint8), metadata={"axes": axes})
    with pytest.raises(ImageError, match=told):
        FilePlan(tmp_path / "stack.tif", tmp_path / "out.tif", None, axes=given).open()


def test_an_image_whose_axes_are_not_clear_is_sent_there_too(tmp_path):
    tifffile.imwrite(tmp_path / "stack.tif", np.zeros((40, 9, 8), np.uint8))
    with pytest.raises(ImageError, match=r"which axis of shape \(40, 9, 8\).*; give an output"):
        FilePlan(tmp_path / "stack.tif", tmp_path / "out.tif", None).open()


@pytest.mark.parametrize("location", ["https://host/a.zarr/0", "s3://bucket/a", "a.ome.zarr"])
def test_an_address_or_a_zarr_is_no_file_of_one_plane(tmp_path, location):
    with pytest.raises(FileError, match=f"{location} is no file of one plane; give an output that"):
        plan_outputs([location], tmp_path / "out.tif", None)
