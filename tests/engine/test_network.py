"""The network: its layers, its random start and its response map."""

import pytest

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.network import Convolution, build_network
from napari_dynaseg.settings import Settings

nn = torch.nn
SMALL = Settings(channels=8)


@pytest.fixture
def image():
    return torch.rand(1, 2, 12, 10, generator=torch.Generator().manual_seed(0))


def test_the_layers_are_those_of_the_papers():
    network = build_network(2, SMALL)
    convolution, relu, norm = Convolution, nn.ReLU, nn.BatchNorm2d
    expected = [convolution, relu, norm, convolution, relu, norm, convolution, norm]
    assert [type(layer) for layer in network] == expected
    convolutions = [layer for layer in network if isinstance(layer, convolution)]
    kernels = [(8, 2, 3, 3), (8, 8, 3, 3), (8, 8, 1, 1)]
    assert [layer.weight.shape for layer in convolutions] == kernels


@pytest.mark.parametrize(("blocks", "convolutions"), [(1, 1), (2, 2), (5, 5)])
def test_blocks_counts_the_convolutions(blocks, convolutions, image):
    network = build_network(2, SMALL.change(blocks=blocks))
    assert sum(isinstance(layer, Convolution) for layer in network) == convolutions
    assert network(image).shape == (1, 8, 12, 10)


@pytest.mark.parametrize("shape", [(12, 10), (1, 7), (7, 1), (2, 1)])
def test_the_response_map_is_as_large_as_the_plane(shape):
    network = build_network(1, SMALL)
    image = torch.arange(float(shape[0] * shape[1])).reshape(1, 1, *shape)
    assert network(image).shape == (1, 8, *shape)


def test_each_channel_of_the_response_map_has_mean_0_and_variance_1(image):
    response = build_network(2, SMALL)(image)[0].detach()
    torch.testing.assert_close(response.mean(dim=(1, 2)), torch.zeros(8), atol=1e-5, rtol=0)
    variance = response.var(dim=(1, 2), correction=0)
    torch.testing.assert_close(variance, torch.ones(8), atol=1e-2, rtol=0)


def test_batch_norm_uses_the_plane_at_hand_even_when_not_training(image):
    network = build_network(2, SMALL)
    training = network.train()(image)
    torch.testing.assert_close(network.eval()(image), training)


def test_one_seed_gives_one_start_and_another_seed_another():
    weights = [build_network(1, SMALL.change(seed=seed))[0].weight for seed in (3, 3, 4)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_the_random_start_is_the_one_torch_would_draw_itself():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SMALL.seed)
        usual = nn.Conv2d(2, 8, 3, padding=1)
    ours = build_network(2, SMALL)[0]
    assert torch.equal(ours.weight, usual.weight)
    assert torch.equal(ours.bias, usual.bias)


def test_a_plane_that_goes_on_is_padded_as_torch_itself_does(image):
    ours = build_network(2, SMALL)[0]
    usual = nn.Conv2d(2, 8, 3, padding=1, padding_mode="replicate")
    usual.load_state_dict(ours.state_dict())
    torch.testing.assert_close(ours(image), usual(image))


def test_the_random_state_of_the_session_stays_untouched():
    before = torch.get_rng_state()
    build_network(1, SMALL)
    assert torch.equal(torch.get_rng_state(), before)


def test_every_parameter_can_learn():
    assert all(parameter.requires_grad for parameter in build_network(1, SMALL).parameters())
