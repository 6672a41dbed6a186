"""Labels at any detail: clusters with clean outlines, regions, strokes, kinds."""

import numpy as np
import pytest

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.generators import run_through
from napari_dynaseg.method.label_tree import find_seeds
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.method.run import run, segment
from napari_dynaseg.method.run_input import RunInput
from napari_dynaseg.settings import Settings


def draw(side=256):
    """Draw two bright discs of the same grey on a noisy, darker ground, (side, side), uint16."""
    rows, columns = np.indices((side, side)) / side
    noise = np.random.default_rng(3).normal(0, 400, (side, side))
    picture = 9_000 + noise
    for row, column in ((0.3, 0.3), (0.7, 0.65)):
        picture[(rows - row) ** 2 + (columns - column) ** 2 < 0.15**2] += 30_000
    return picture.astype(np.uint16)


PICTURE = draw()


def make_plane():
    return (PICTURE[None] / PICTURE.max()).astype(np.float32)


@pytest.fixture(scope="module")
def result():
    return run_through(run(RunInput((make_plane(),), Settings())))


@pytest.fixture(scope="module")
def regions():
    return run_through(run(RunInput((make_plane(),), Settings(result="regions", detail=20))))


def count_parts(labels):
    from skimage.measure import label

    return int(label(labels, connectivity=1, background=-1).max())


def test_clean_clusters_have_few_parts_and_published_ones_many(result):
    published = segment(PICTURE, clean=False)
    assert count_parts(result.labels) < count_parts(published) / 3


def test_a_cluster_may_lie_in_several_places_and_a_region_cannot(result, regions):
    at = (76, 76), (179, 166)  # in the middles of the discs
    one, other = (result.labels[place] for place in at)
    assert one == other
    one, other = (regions.labels[place] for place in at)
    assert one != other
    assert count_parts(regions.labels) == regions.labels.max()


def test_the_labels_are_the_cut_at_the_detail_of_the_settings(result, regions):
    for each in (result, regions):
        np.testing.assert_array_equal(each.labels, each.cut(each.given.settings.detail))


def test_a_finer_cut_only_divides_regions_and_numbers_stay(regions):
    before = regions.cut(5)
    for detail in (20, 40, 60, 90):
        after = regions.cut(detail)
        pairs = np.unique(np.stack([before.ravel(), after.ravel()]), axis=1)
        assert len(np.unique(pairs[1])) == pairs.shape[1]
        assert set(np.unique(before)) <= set(np.unique(after))
        before = after


def test_regions_know_the_cluster_that_they_are_of(regions):
    kinds = regions.label_tree.cut_kinds(20)
    at = (76, 76), (179, 166)
    assert kinds[at[0]] == kinds[at[1]] != kinds[5, 5]


def test_published_clusters_are_the_argmax_and_cannot_be_cut():
    published = run_through(run(RunInput((make_plane(),), Settings(clean=False, iterations=3))))
    assert published.tree is None
    with pytest.raises(SettingsError, match="clusters as published have no tree to cut"):
        published.cut(50)


def test_a_detail_out_of_range_is_refused(regions):
    with pytest.raises(SettingsError, match="detail must be a number from 0 to 100; got 101"):
        regions.cut(101)


def test_a_plane_without_contrast_has_one_label():
    for side in (16, 256):
        flat = np.full((side, side), 700, np.uint16)
        assert segment(flat).max() == 1
        assert segment(flat, result="regions").max() == 1


@pytest.mark.parametrize("outcome", ["clusters", "regions"])
def test_strokes_stay_as_drawn_and_their_surroundings_follow(outcome):
    strokes = np.zeros(PICTURE.shape, int)
    strokes[70:80, 60:90] = 7
    strokes[5:10, 20:200] = 9
    labels = segment(PICTURE, scribbles=strokes, result=outcome)
    np.testing.assert_array_equal(labels[strokes > 0], strokes[strokes > 0])
    assert labels[60, 76] == 7
    assert labels[20, 128] == 9


@pytest.mark.parametrize("outcome", ["clusters", "regions"])
def test_outside_a_part_of_the_plane_the_labels_are_0(outcome):
    mask = np.zeros(PICTURE.shape, bool)
    mask[20:150, 30:140] = True
    given = RunInput(
        (make_plane(),),
        Settings(result=outcome),
        within=RegionOfInterest.of(mask, mask.shape),
    )
    found = run_through(run(given))
    for labels in (found.labels, found.cut(70)):
        np.testing.assert_array_equal(labels > 0, mask)


def test_a_superpixel_has_the_stroke_that_most_of_its_stroked_pixels_have():
    superpixels = np.array([[0, 0, 0, 1, 2]], np.int32)
    strokes = np.array([[4, 4, 6, 0, 6]], np.int32)
    np.testing.assert_array_equal(find_seeds(superpixels, strokes), [4, 0, 6])


def test_detail_may_be_turned_while_the_network_trains_and_does_not_prolong_it():
    plane, plain = make_plane(), Settings(scheme="fsf")
    usual = sum(1 for _ in run(RunInput((plane,), plain)))
    steps = run(RunInput((plane,), plain))
    next(steps)
    count = 1
    while True:
        try:
            steps.send(plain.change(detail=80) if count == 5 else None)
        except StopIteration as end:
            found = end.value
            break
        count += 1
    assert count == usual
    np.testing.assert_array_equal(found.labels, found.cut(80))
