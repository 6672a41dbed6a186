"""The convolutional network that turns a plane into a response map."""

import math
from dataclasses import dataclass

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.settings import Padding, Settings

nn = torch.nn


def build_network(image_channels: int, settings: Settings) -> nn.Sequential:
    """Build the network of the papers with random weights.

    ``blocks - 1`` times a 3×3 convolution, ReLU and batch norm, then a 1×1 convolution and
    batch norm (Kim, Kanezaki and Tanaka 2020, section III; the dynamically weighted loss paper,
    section III-A). Batch norm always uses the statistics of what is trained on, since there is
    no other plane to generalise to.

    Parameters
    ----------
    image_channels
        Channels of the plane, at least 1.
    settings
        ``channels``, ``blocks``, ``padding`` and ``seed`` are read.

    Returns
    -------
    torch.nn.Sequential
        Maps (1, image_channels, H, W) to the response map (1, channels, H, W).
    """
    generator = torch.Generator().manual_seed(settings.seed)
    width = settings.channels
    layers: list[nn.Module] = []
    incoming = image_channels
    for _ in range(settings.blocks - 1):
        convolution = Convolution(incoming, width, 3, generator, settings.padding)
        layers += [convolution, nn.ReLU(), _batch_norm(width)]
        incoming = width
    last = Convolution(incoming, width, 1, generator, settings.padding)
    layers += [last, _batch_norm(width)]
    return nn.Sequential(*layers)


@dataclass(frozen=True, eq=False)
class Stage:
    """One convolution of the network and the batch norm that belongs to it: their parameters.

    Parameters
    ----------
    weight, bias
        Of the convolution, (out, in, 3, 3) or (out, in, 1, 1), and (out,).
    gamma, beta
        Scale and shift of the batch norm, (out,).
    padding
        What the convolution sees beyond the plane.
    """

    weight: nn.Parameter
    bias: nn.Parameter
    gamma: nn.Parameter
    beta: nn.Parameter
    padding: Padding

    @property
    def width(self) -> int:
        """How many channels come out."""
        return len(self.bias)


def list_stages(network: nn.Module) -> list[Stage]:
    """List the stages of a network made by `build_network`, the 1×1 convolution last."""
    convolutions = [layer for layer in network.children() if isinstance(layer, Convolution)]
    norms = [layer for layer in network.children() if isinstance(layer, nn.BatchNorm2d)]
    return [
        Stage(one.weight, one.bias, norm.weight, norm.bias, one.padding)
        for one, norm in zip(convolutions, norms, strict=True)
    ]


def set_gradient(parameter: torch.Tensor, gradient: torch.Tensor) -> None:
    """Set a parameter's gradient, for the optimiser."""
    parameter.grad = gradient.reshape(parameter.shape).to(parameter.dtype)


class Convolution(nn.Module):
    """A convolution with torch's usual random start, from our own generator.

    torch's own draws from the global random state, which belongs to the user's session.

    Parameters
    ----------
    incoming, outgoing
        Channels.
    size
        Rows and columns of a kernel, odd.
    generator
        What is drawn from.
    padding
        What lies beyond the plane.
    """

    def __init__(
        self,
        incoming: int,
        outgoing: int,
        size: int,
        generator: torch.Generator,
        padding: Padding,
    ) -> None:
        super().__init__()
        self.padding: Padding = padding
        self.weight = nn.Parameter(torch.empty(outgoing, incoming, size, size))
        self.bias = nn.Parameter(torch.empty(outgoing))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5), generator=generator)
        bound = 1 / math.sqrt(incoming * size**2)
        nn.init.uniform_(self.bias, -bound, bound, generator=generator)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Convolve (1, incoming, H, W) to (1, outgoing, H, W)."""
        margin = self.weight.shape[2] // 2
        if self.padding == "replicate":
            values, margin = nn.functional.pad(values, (margin,) * 4, "replicate"), 0
        return nn.functional.conv2d(values, self.weight, self.bias, padding=margin)


def _batch_norm(channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels, track_running_stats=False)
