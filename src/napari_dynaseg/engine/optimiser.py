"""Gradient descent with momentum, as the papers train.

It does what torch's own does, which would load torch's compiler first: a second or two before
the first iteration of the first run.
"""

from collections.abc import Iterable

from napari_dynaseg.engine.backend import torch


class MomentumOptimiser:
    """The parameters of a network and their velocities.

    Parameters
    ----------
    parameters
        What is changed; their gradients are set by others.
    rate
        The step size.
    momentum
        How much of the last step carries over into the next.
    """

    def __init__(
        self, parameters: Iterable[torch.nn.Parameter], rate: float, momentum: float
    ) -> None:
        self._parameters: list[torch.Tensor] = list(parameters)
        self._rate, self._momentum = rate, momentum
        self._velocities = [torch.zeros_like(parameter) for parameter in self._parameters]

    @torch.no_grad()
    def step(self) -> None:
        """Take a step: v = momentum * v + gradient, and v * rate is taken off."""
        gradients = [parameter.grad for parameter in self._parameters if parameter.grad is not None]
        # Of all parameters at once: a GPU is sent three pieces of work, not three for each.
        torch._foreach_mul_(self._velocities, self._momentum)
        torch._foreach_add_(self._velocities, gradients)
        torch._foreach_sub_(self._parameters, self._velocities, alpha=self._rate)

    def move_to(self, device: torch.device) -> None:
        """Take the velocities to a device, as the parameters are."""
        self._velocities = [velocity.to(device) for velocity in self._velocities]
