"""The two terms of the loss and their gradients, against plain algebra."""

import numpy as np
import pytest

from napari_dynaseg.engine.backend import torch
from tests.engine.plain_loss import continuity_loss, similarity_loss


def plain_similarity(response, labels):
    """Mean over the pixels of log(sum over channels of exp r) minus the label's own r."""
    own = np.take_along_axis(response, labels[None], axis=0)[0]
    return (np.log(np.exp(response).sum(axis=0)) - own).mean()


def plain_continuity(response):
    """Mean absolute difference to the pixel below plus that to the pixel on the right."""
    vertical, horizontal = np.diff(response, axis=1), np.diff(response, axis=2)
    return np.abs(vertical).mean() + np.abs(horizontal).mean()


@pytest.fixture
def response():
    """No two values are alike, so that no difference lies near the kink of its absolute value."""
    values = np.random.default_rng(0).permutation(3 * 4 * 5) / 10
    return values.reshape(3, 4, 5)


def differentiate_numerically(function, response, distance=1e-6):
    gradient = np.zeros_like(response)
    for index in np.ndindex(response.shape):
        shift = np.zeros_like(response)
        shift[index] = distance
        rise = function(response + shift) - function(response - shift)
        gradient[index] = rise / (2 * distance)
    return gradient


def differentiate(function, response):
    leaf = torch.tensor(response, requires_grad=True)
    function(leaf).backward()
    return leaf.grad.numpy()


def test_similarity_of_a_literal_response_map():
    # One pixel of label 0: log(e^1 + e^0) - 1.
    response = torch.tensor([[[1.0]], [[0.0]]])
    loss = similarity_loss(response, torch.tensor([[0]]))
    assert loss.item() == pytest.approx(np.log(np.e + 1) - 1)


def test_similarity_is_the_cross_entropy_averaged_over_the_pixels(response):
    labels = response.argmax(axis=0)
    loss = similarity_loss(torch.tensor(response), torch.tensor(labels))
    assert loss.item() == pytest.approx(plain_similarity(response, labels), rel=1e-12)


def test_continuity_of_a_literal_response_map():
    # Vertical |3-1| and |7-2|, mean 3.5; horizontal |2-1| and |7-3|, mean 2.5.
    response = torch.tensor([[[1.0, 2.0], [3.0, 7.0]]])
    assert continuity_loss(response).item() == 6.0


def test_continuity_is_a_mean_of_each_direction(response):
    loss = continuity_loss(torch.tensor(response))
    assert loss.item() == pytest.approx(plain_continuity(response), rel=1e-12)


def test_a_flat_response_map_has_no_continuity_loss():
    assert continuity_loss(torch.full((3, 4, 5), 2.0)).item() == 0


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 3, 1)])
def test_a_direction_of_one_pixel_adds_nothing(shape):
    row = torch.tensor([1.0, 2.0, 5.0]).reshape(shape)
    assert continuity_loss(row).item() == 2.0


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 3, 1)])
def test_a_direction_of_one_pixel_leaves_the_gradient_finite(shape):
    gradient = differentiate(continuity_loss, np.array([1.0, 2.0, 5.0]).reshape(shape))
    np.testing.assert_allclose(gradient.ravel(), [-0.5, 0.0, 0.5])


def test_the_gradient_of_similarity_is_the_numerical_one(response):
    labels = response.argmax(axis=0)
    gradient = differentiate(lambda leaf: similarity_loss(leaf, torch.tensor(labels)), response)
    numerical = differentiate_numerically(lambda near: plain_similarity(near, labels), response)
    np.testing.assert_allclose(gradient, numerical, atol=1e-8)
    assert np.abs(gradient).max() > 1e-3


def test_the_gradient_of_continuity_is_the_numerical_one(response):
    gradient = differentiate(continuity_loss, response)
    numerical = differentiate_numerically(plain_continuity, response)
    np.testing.assert_allclose(gradient, numerical, atol=1e-8)
    assert np.abs(gradient).max() > 1e-3
