"""A network that is trained on with paint: what follows the paint, and what stays."""

import numpy as np
import pytest
from tests.stacks_drawn import train_network

from napari_dynaseg.generators import run_through
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.method.refine import lay_over, spread_from_paint, spread_from_plane
from napari_dynaseg.settings import Settings

SMALL = Settings(channels=12, iterations=20, minimum_labels=1, device="cpu", refine_iterations=15)
PLANE = (None, None)


def draw(*rows):
    return np.array(rows, np.int32)


@pytest.fixture(scope="module")
def stack():
    """Give a dark plane with two brighter halves that differ a little."""
    picture = np.random.default_rng(0).integers(0, 12, (40, 60), np.uint8)
    picture[:, 20:] += 90
    picture[:, 40:] += 25
    return StackImage((picture,), parse_axes("YX", picture.shape), "halves")


@pytest.fixture(scope="module")
def network(stack):
    return train_network(stack, SMALL, [PLANE])


def paint(network, stack, strokes):
    """Label the plane, and paint strokes of (label, rows, columns)."""
    shown = network.label(stack.read_channels(PLANE))
    painted = np.zeros(shown.shape, bool)
    for number, rows, columns in strokes:
        shown[rows, columns] = number
        painted[rows, columns] = True
    return shown, painted


def test_painted_pixels_are_exactly_as_painted_whatever_the_network_says(network, stack):
    strokes = [(50, slice(3, 6), slice(45, 55)), (0, slice(30, 34), slice(5, 9))]
    shown, painted = paint(network, stack, strokes)
    refined, _ = run_through(network.refine(stack.read_channels(PLANE), shown, painted, SMALL))
    np.testing.assert_array_equal(refined.labels[painted], shown[painted])


def test_the_region_that_is_like_the_paint_follows_it(network, stack):
    shown, painted = paint(network, stack, [(50, slice(5, 35), slice(48, 52))])
    settings = SMALL.change(scribble_weight=4)
    channels = stack.read_channels(PLANE)
    refined, after = run_through(network.refine(channels, shown, painted, settings))
    labels = refined.labels
    assert (labels[:, 44:] == 50).mean() > 0.8
    assert (labels[:, :16] == 50).mean() < 0.05
    assert 50 in after.numbers


def widen(*arrays):
    """Make a square of 12×12 pixels of each."""
    return (np.kron(array, np.ones((12, 12), np.int32)).astype(array.dtype) for array in arrays)


def keep_near_paint(labels, shown, painted):
    spread = spread_from_paint(labels, np.where(painted, shown, 0))
    return lay_over(shown, spread, painted)


def test_regions_that_are_not_connected_with_paint_stay():
    shown = draw([9, 1, 1, 2, 2, 2, 2])
    labels = draw([9, 9, 1, 3, 3, 3, 9])
    shown, labels, painted = widen(shown, labels, shown == 9)
    kept = keep_near_paint(labels, shown, painted)
    np.testing.assert_array_equal(np.unique(kept[:, :24]), [9])
    np.testing.assert_array_equal(kept[:, 36:], shown[:, 36:])


def test_what_is_far_from_paint_does_not_follow_it():
    shown, labels = draw([9, 1, 1, 1, 1]), draw([9, 9, 9, 9, 9])
    shown, labels, painted = widen(shown, labels, shown == 9)
    kept = keep_near_paint(labels, shown, painted)
    assert (kept[:, :24] == 9).all()
    assert (kept[:, 36:] == 1).all()


def test_small_gaps_in_a_refined_region_are_filled():
    shown = np.ones((40, 40), np.int32)
    shown[15:25, 15:25] = 9
    labels = np.full((40, 40), 9, np.int32)
    labels[27:30, 18:22] = 1
    kept = keep_near_paint(labels, shown, shown == 9)
    assert (kept[14:31, 17:23] == 9).all()


def test_a_region_goes_on_to_the_next_plane_where_it_is_seen_and_overlaps():
    neighbour, labels = widen(draw([0, 9, 0, 0, 0]), draw([1, 9, 9, 1, 9]))
    spread = spread_from_plane(labels, neighbour)
    assert (spread[:, 12:25] == 9).all()
    assert not spread[:, 28:].any()
    assert not spread[:, :12].any()


def test_a_region_ends_where_the_next_plane_has_nothing_like_it_at_its_place():
    neighbour, labels = widen(draw([9, 0, 0, 0]), draw([1, 1, 9, 9]))
    assert not spread_from_plane(labels, neighbour).any()
