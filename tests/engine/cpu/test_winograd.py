"""Winograd's convolution against the direct one."""

import pytest

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.cpu import winograd
from napari_dynaseg.engine.cpu.thread_pool import Workspace

functional = torch.nn.functional


@pytest.fixture
def case():
    generator = torch.Generator().manual_seed(0)
    padded = torch.randn(14, 22, 5, generator=generator)  # 3 × 5 tiles
    weight = torch.randn(6, 5, 3, 3, generator=generator)
    return padded, weight


def convolve_directly(padded, weight):
    return functional.conv2d(padded.permute(2, 0, 1)[None].double(), weight.double())[0]


def test_the_transforms_of_integers_are_exact():
    # One tile of ones and a kernel of ones: each output sums nine ones.
    padded, weight = torch.ones(6, 6, 1), torch.ones(1, 1, 3, 3)
    outputs = winograd.convolve(padded, winograd.transform_kernels(weight), Workspace())
    torch.testing.assert_close(outputs, torch.full((4, 4, 1), 9.0))


def test_a_rectangle_of_tiles_is_convolved_as_directly(case):
    padded, weight = case
    outputs = winograd.convolve(padded, winograd.transform_kernels(weight), Workspace())
    expected = convolve_directly(padded, weight).permute(1, 2, 0)
    errors = outputs.double() - expected
    assert errors.square().mean().sqrt() < 4e-6
    assert errors.abs().max() < 4e-5


def test_the_kernels_gradient_is_that_of_autograd(case):
    padded, weight = case
    errors = torch.randn(12, 20, 6, generator=torch.Generator().manual_seed(1))
    workspace = Workspace()
    inputs = winograd.transform_input(padded, workspace).clone()
    around = functional.pad(errors, (0, 0, 1, 1, 1, 1))
    transformed = winograd.transform_output_back(around, workspace)
    gradient = winograd.transform_kernels_back(torch.bmm(inputs.transpose(1, 2), transformed))
    weight = weight.double().requires_grad_()
    with torch.enable_grad():
        outputs = functional.conv2d(padded.permute(2, 0, 1)[None].double(), weight)[0]
        (outputs * errors.permute(2, 0, 1)).sum().backward()
    torch.testing.assert_close(gradient.double(), weight.grad, rtol=1e-4, atol=1e-4)
