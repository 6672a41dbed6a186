"""Whole stacks: the three strategies, and going on after a stop."""

import numpy as np
import pytest
from tests.stacks_drawn import segment_planes, train_network

from napari_dynaseg.errors import ImageError
from napari_dynaseg.files.sinks import PlanesInMemory
from napari_dynaseg.image.axes import parse_axes
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.labels.numbering import match_labels
from napari_dynaseg.method.run import iter_fit
from napari_dynaseg.settings import Settings

SMALL = Settings(
    channels=8, iterations=4, minimum_labels=1, device="cpu", follow_iterations=2, scheme="fixed"
)
START = (1, 1, None, None)


@pytest.fixture(scope="module")
def stack():
    random = np.random.default_rng(0)
    array = random.integers(0, 900, (2, 3, 18, 14), np.uint16)
    for t in range(2):
        for z in range(3):
            array[t, z, :, 4 + 2 * t + z :] += 4000
    return StackImage((array,), parse_axes("TZYX", array.shape), "cells")


@pytest.fixture(scope="module")
def positions(stack):
    return list(stack.axes.list_positions())


def make_results(stack):
    return PlanesInMemory(np.zeros(stack.axes.label_sizes, np.int32), stack.axes)


def run_to_the_end(stack, network, positions, results):
    return [place for place in segment_planes(stack, network, positions, results) if place]


@pytest.fixture(params=["one", "follow", "each"])
def network(request, stack):
    return train_network(stack, SMALL.change(strategy=request.param), [START])


def test_every_plane_is_labelled_once_the_one_trained_on_first(stack, positions, network):
    results = make_results(stack)
    done = run_to_the_end(stack, network, positions, results)
    assert done[0] == START
    assert sorted(done) == positions
    assert results.array.min() >= 1


def test_a_run_that_was_stopped_anywhere_goes_on_to_the_same_labels(stack, positions, network):
    undisturbed = make_results(stack)
    run_to_the_end(stack, network, positions, undisturbed)
    results = make_results(stack)
    for _ in range(40):  # each round is broken off a little later
        run = segment_planes(stack, network, positions, results)
        if sum(1 for _, place in zip(range(3), run, strict=False) if place) == 0:
            next(place for place in run if place)
        run.close()
    assert run_to_the_end(stack, network, positions, results) != []
    np.testing.assert_array_equal(results.array, undisturbed.array)


def test_nothing_but_labels_is_left_at_the_end(stack, positions, network):
    results = make_results(stack)
    run_to_the_end(stack, network, positions, results)
    assert not results._notes


def test_finished_planes_are_not_done_again(stack, positions, network):
    results = make_results(stack)
    run_to_the_end(stack, network, positions, results)
    results.array[...] = 77  # what a user may have painted
    assert sorted(run_to_the_end(stack, network, positions, results)) == positions
    assert (results.array == 77).all()


def train(stack, strategy):
    return train_network(stack, SMALL.change(strategy=strategy), [START])


def test_one_network_labels_each_plane_by_itself_alone(stack, positions):
    network, results = train(stack, "one"), make_results(stack)
    run_to_the_end(stack, network, positions, results)
    for position in positions:
        expected = network.label(stack.read_channels(position))
        np.testing.assert_array_equal(results.read_plane(position), expected)


def test_follow_trains_the_neighbours_network_on(stack, positions):
    network, results = train(stack, "follow"), make_results(stack)
    run_to_the_end(stack, network, positions, results)
    neighbour = (1, 2, None, None)
    plane = network.scaling.apply(stack.read_channels(neighbour))
    import torch

    *_, step = iter_fit(plane, SMALL.change(iterations=2), start=torch.from_numpy(network.weights))
    np.testing.assert_array_equal(results.read_plane(neighbour), network.numbers[step.labels])


def test_each_plane_on_its_own_takes_the_numbers_of_its_neighbour(stack, positions):
    network, results = train(stack, "each"), make_results(stack)
    run_to_the_end(stack, network, positions, results)
    neighbour = (1, 2, None, None)
    plane = network.scaling.apply(stack.read_channels(neighbour))
    *_, step = iter_fit(plane, SMALL)
    expected = match_labels(step.labels, results.read_plane(START))
    overlap = (results.read_plane(neighbour) == expected).mean()
    assert overlap == 1


def test_all_planes_may_be_trained_on_at_once(stack, positions):
    network = train_network(stack, SMALL, positions)
    assert network.recipe.source.companions == tuple(positions[1:])
    assert network.statistics.pixels == 6 * 18 * 14


def test_planes_without_the_one_to_start_from_are_refused(stack, positions, network):
    with pytest.raises(ImageError, match="got 2 planes without"):
        next(segment_planes(stack, network, positions[:2], make_results(stack)))


def test_a_network_from_elsewhere_starts_where_it_is_told(stack, positions):
    results, network = make_results(stack), train(stack, "one")
    run = segment_planes(stack, network, positions[:2], results, start=positions[1])
    assert [place for place in run if place] == [positions[1], positions[0]]
