"""The step written out by hand, against autograd in float64."""

from typing import get_args

import numpy as np
import pytest
from skimage import data
from tests.engine.yardstick import (
    differentiate_along,
    differentiate_plainly,
    find_largest_error,
)

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.cpu.gradients import CpuEngine
from napari_dynaseg.engine.cpu.thread_pool import ThreadPool
from napari_dynaseg.engine.network import build_network
from napari_dynaseg.settings import Padding, Settings

PHOTOGRAPHS = ("chelsea", "rocket", "coffee")
PUBLISHED = Settings(padding="zeros")


def cut_photograph(name, place=(100, 160), height=61, width=78):
    """Cut a piece of a textured photograph: float32, (3, height, width)."""
    top, left = place
    picture = getattr(data, name)()[top : top + height, left : left + width]
    return torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1).contiguous()


def weigh(labels_in_use):
    return 50 / labels_in_use


@pytest.fixture
def pool():
    with ThreadPool(2) as pool:
        yield pool


def set_gradients(image, network, pool, weight=weigh):
    """Let the engine work, and give its measurement and the gradients."""
    measurement = CpuEngine(image, network, pool).set_gradients(weight)
    return measurement, [parameter.grad for parameter in network.parameters()]


def set_gradients_and_look(image, network, pool):
    """Let the engine work; give the gradients, where activations are above 0, and the responses."""
    engine = CpuEngine(image, network, pool)
    (height, width), seen = image.shape[1:], []
    differentiate = engine._response.differentiate

    def look(*arguments):
        arrays = *(layer.activation > 0 for layer in engine._layers), engine._response.values
        seen.extend(array[:height, :width].permute(2, 0, 1).clone() for array in arrays)
        return differentiate(*arguments)

    engine._response.differentiate = look
    engine.set_gradients(weigh)
    return [parameter.grad for parameter in network.parameters()], seen[:-1], seen[-1]


@pytest.mark.parametrize("photograph", PHOTOGRAPHS)
@pytest.mark.parametrize("place", [(0, 0), (20, 30), (100, 160), (230, 120)])
def test_all_gradients_are_within_2e_5_of_float64_beside_the_kinks(photograph, place, pool):
    image, network = cut_photograph(photograph, place), build_network(3, PUBLISHED)
    gradients, masks, response = set_gradients_and_look(image, network, pool)
    expected = differentiate_along(image, network, weigh, masks, response)
    assert find_largest_error(gradients, expected) < 2e-5


@pytest.mark.parametrize("photograph", PHOTOGRAPHS)
@pytest.mark.parametrize("place", [(0, 0), (20, 30), (100, 160), (230, 120)])
def test_gradients_of_a_plane_that_goes_on_are_within_1e_4_of_float64_beside_the_kinks(
    photograph, place, pool
):
    # Without a frame of zeros a smooth picture varies little, and rounding weighs more.
    image = cut_photograph(photograph, place)
    network = build_network(3, Settings(padding="replicate"))
    gradients, masks, response = set_gradients_and_look(image, network, pool)
    expected = differentiate_along(image, network, weigh, masks, response)
    assert find_largest_error(gradients, expected) < 1e-4


@pytest.mark.parametrize("padding", get_args(Padding))
@pytest.mark.parametrize("shape", [(1, 301), (107, 107), (61, 78), (256, 255)])
def test_gradients_of_a_noisy_plane_are_within_1e_5_of_float64_beside_the_kinks(
    shape, padding, pool
):
    image = torch.rand(3, *shape, generator=torch.Generator().manual_seed(0))
    network = build_network(3, Settings(padding=padding))
    gradients, masks, response = set_gradients_and_look(image, network, pool)
    expected = differentiate_along(image, network, weigh, masks, response)
    assert find_largest_error(gradients, expected) < 1e-5


@pytest.mark.parametrize(
    ("photograph", "place"), [("chelsea", (100, 160)), ("rocket", (20, 30)), ("coffee", (100, 160))]
)
def test_all_gradients_are_within_1e_4_of_float64_autograd(photograph, place, pool):
    image, network = cut_photograph(photograph, place), build_network(3, PUBLISHED)
    _, gradients = set_gradients(image, network, pool)
    *_, expected = differentiate_plainly(image, network, weigh)
    assert find_largest_error(gradients, expected) < 1e-4


@pytest.mark.parametrize("padding", get_args(Padding))
@pytest.mark.parametrize("blocks", [1, 2, 4, 6])
@pytest.mark.parametrize("channels", [2, 7, 120])
def test_networks_of_any_shape_have_the_gradients_of_autograd(blocks, channels, padding, pool):
    # So few pixels have few differences, and rounding that turns the sign of one shows: a wide
    # goal here, beside the narrow one above.
    image = cut_photograph("chelsea", height=19, width=30)
    settings = Settings(blocks=blocks, channels=channels, minimum_labels=1, padding=padding)
    network = build_network(3, settings)
    _, gradients = set_gradients(image, network, pool)
    *_, expected = differentiate_plainly(image, network, weigh)
    assert find_largest_error(gradients, expected) < 2e-2


@pytest.mark.parametrize("padding", get_args(Padding))
@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (2, 2), (4, 4), (5, 33), (40, 7)])
def test_narrow_and_odd_planes_have_the_gradients_of_autograd(shape, padding, pool):
    image = torch.from_numpy(np.random.default_rng(0).random((2, *shape), dtype=np.float32))
    network = build_network(2, Settings(channels=8, minimum_labels=1, padding=padding))
    measurement, gradients = set_gradients(image, network, pool)
    labels, in_use, similarity, continuity, expected = differentiate_plainly(image, network, weigh)
    assert torch.equal(measurement.labels, labels)
    assert measurement.read().labels_in_use == in_use
    assert measurement.read().similarity == pytest.approx(similarity, rel=1e-5)
    assert measurement.read().continuity == pytest.approx(continuity, rel=1e-5)
    assert find_largest_error(gradients, expected) < 1e-3


def test_the_continuity_term_has_a_gradient(pool):
    image, network = cut_photograph("chelsea", height=20, width=20), build_network(3, Settings())
    _, without = set_gradients(image, network, pool, lambda _: 0.0)
    without = [gradient.clone() for gradient in without]
    _, with_it = set_gradients(image, network, pool)
    largest = max((one - other).abs().max() for one, other in zip(without, with_it, strict=True))
    assert largest > 1e-3


def test_the_similarity_term_has_a_gradient(pool):
    image, network = cut_photograph("chelsea", height=20, width=20), build_network(3, Settings())
    _, gradients = set_gradients(image, network, pool, lambda _: 0.0)
    *_, expected = differentiate_plainly(image, network, lambda _: 0.0)
    assert find_largest_error(gradients, expected) < 1e-4


def test_the_number_of_threads_changes_nothing():
    image = cut_photograph("coffee", height=90, width=110)
    results = []
    for count in (1, 3):
        network = build_network(3, Settings())
        with ThreadPool(count) as pool:
            measurement, gradients = set_gradients(image, network, pool)
            results.append((measurement.read(), gradients))
    assert results[0][0] == results[1][0]
    for one, other in zip(results[0][1], results[1][1], strict=True):
        assert torch.equal(one, other)


def test_a_second_step_takes_no_new_memory(pool):
    image, network = cut_photograph("chelsea"), build_network(3, Settings())
    engine = CpuEngine(image, network, pool)
    engine.set_gradients(weigh)
    places = [layer.activation.data_ptr() for layer in engine._layers]
    engine.set_gradients(weigh)
    assert [layer.activation.data_ptr() for layer in engine._layers] == places


def test_the_same_step_twice_gives_the_same(pool):
    image, network = cut_photograph("chelsea"), build_network(3, Settings())
    engine = CpuEngine(image, network, pool)
    first = engine.set_gradients(weigh)
    second = engine.set_gradients(weigh)
    assert first.read() == second.read()
