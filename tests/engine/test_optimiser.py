"""Our descent against torch's own."""

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.optimiser import MomentumOptimiser


def make_parameters():
    return [torch.nn.Parameter(torch.ones(2, 3)), torch.nn.Parameter(torch.zeros(4))]


def test_it_takes_the_steps_of_torch():
    ours, theirs = make_parameters(), make_parameters()
    descent = MomentumOptimiser(ours, rate=0.1, momentum=0.9)
    optimiser = torch.optim.SGD(theirs, lr=0.1, momentum=0.9)
    generator = torch.Generator().manual_seed(0)
    for _ in range(4):
        for one, other in zip(ours, theirs, strict=True):
            one.grad = torch.rand(one.shape, generator=generator)
            other.grad = one.grad.clone()
        descent.step()
        optimiser.step()
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other)


def test_the_velocities_move_with_the_parameters():
    (parameter,) = make_parameters()[:1]
    descent = MomentumOptimiser([parameter], rate=1, momentum=0.5)
    parameter.grad = torch.ones(2, 3)
    descent.step()
    descent.move_to(torch.device("cpu"))
    descent.step()
    assert parameter.tolist() == [[-1.5] * 3] * 2
