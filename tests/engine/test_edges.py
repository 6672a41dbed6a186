"""What a convolution sees beyond the plane: on the way back, and in the labels of a run."""

import numpy as np
import pytest

from napari_dynaseg import segment
from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.edges import add_gradient_beyond

nn = torch.nn


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1), (2, 2), (5, 7)])
def test_pixels_at_the_edge_get_the_gradient_of_their_copies(shape):
    generator = torch.Generator().manual_seed(0)
    values = torch.rand(1, 2, *shape, generator=generator, dtype=torch.float64, requires_grad=True)
    behind = torch.rand(1, 4, *shape, generator=generator, dtype=torch.float64)
    kernels = torch.rand(4, 2, 3, 3, generator=generator, dtype=torch.float64)

    def differentiate(mode):
        padded = nn.functional.pad(values, (1, 1, 1, 1), mode)
        (found,) = torch.autograd.grad(nn.functional.conv2d(padded, kernels), values, behind)
        return found[0].permute(1, 2, 0).clone()

    gradient = differentiate("constant")
    add_gradient_beyond(gradient, behind[0].permute(1, 2, 0), kernels)
    torch.testing.assert_close(gradient, differentiate("replicate"))


@pytest.mark.parametrize("shape", [(5, 7), (256, 256), (120, 257)])
@pytest.mark.parametrize("value", [0, 77, 65535])
def test_a_constant_plane_gets_one_label(shape, value):
    labels = segment(np.full(shape, value, np.uint16))
    assert np.unique(labels).tolist() == [1]


@pytest.mark.parametrize("scheme", ["scf", "fsf", "fixed"])
def test_the_frame_of_a_textured_plane_has_only_labels_of_its_inside(scheme):
    noise = np.random.default_rng(0).normal(0, 20, (256, 256))
    stripes = 60 * np.sin(np.arange(256) / 9)
    plane = (128 + stripes + noise).clip(0, 255).astype(np.uint8)
    labels = segment(plane, scheme=scheme)
    framed = segment(plane, scheme=scheme, padding="zeros")
    assert count_of_the_frame_alone(labels) == 0
    assert count_of_the_frame_alone(framed) > 0


def count_of_the_frame_alone(labels):
    """Count the outermost pixels whose labels hardly occur further inside."""
    inside, counts = np.unique(labels[4:-4, 4:-4], return_counts=True)
    frequent = inside[counts > 0.001 * counts.sum()]
    frame = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return int(np.count_nonzero(~np.isin(frame, frequent)))
