"""IIC: the information, the copies, and which outputs are silent."""

import math

import pytest

from napari_dynaseg.engine import information
from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.network import build_network
from napari_dynaseg.settings import Settings


def one_hot(labels, clusters):
    return torch.nn.functional.one_hot(torch.tensor(labels), clusters).permute(2, 0, 1).float()


def test_equal_maps_of_two_halves_tell_one_bit():
    own = one_hot([[0, 1], [0, 1]], 2)
    assert float(information.measure_information(own, own, 0)) == pytest.approx(math.log(2))


def test_maps_that_know_nothing_of_each_other_tell_nothing():
    own, other = one_hot([[0, 0, 1, 1]], 2), one_hot([[0, 1, 0, 1]], 2)
    assert float(information.measure_information(own, other, 0)) == pytest.approx(0, abs=1e-6)


def test_a_displacement_pairs_each_pixel_with_its_neighbours():
    own, other = one_hot([[0, 1, 0, 1]], 2), one_hot([[1, 0, 1, 0]], 2)
    # In place they are each other's opposite; one pixel aside they are the same.
    assert float(information.measure_information(own, other, 0)) == pytest.approx(math.log(2))
    stripes = one_hot([[0, 0, 1, 1]], 2)
    aside = float(information.measure_information(stripes, stripes, 1))
    assert 0 < aside < math.log(2)


def test_the_information_has_a_gradient():
    response = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)
    information.measure_information(response.softmax(0), response.softmax(0).flip(1), 1).backward()
    assert response.grad.abs().sum() > 0


def test_a_copy_flipped_back_is_the_picture_in_other_colours():
    picture = torch.arange(12.0).reshape(1, 1, 3, 4)
    generator = torch.Generator().manual_seed(0)
    turns = set()
    for _ in range(20):
        copy, turned = information.make_copy(picture, generator)
        back = copy[0].flip(turned)
        ratio = (back - back[0, 0, 0])[0, 1:] / (picture - picture[0, 0, 0, 0])[0, 0, 1:]
        assert ratio.max() - ratio.min() < 1e-4
        assert 0.8 <= ratio.mean() <= 1.2
        turns.add(tuple(turned))
    assert turns == {(), (1,), (2,), (1, 2)}


def test_silent_outputs_are_never_the_largest():
    network = build_network(1, Settings(channels=8))
    information.silence_outputs(network, 3)
    response = network(torch.rand(1, 1, 6, 6, generator=torch.Generator().manual_seed(0)))
    assert response.argmax(1).max() < 3
