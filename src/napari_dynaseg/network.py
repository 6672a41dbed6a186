"""The convolutional network that turns a plane into a response map."""

import math
from dataclasses import dataclass

from napari_dynaseg.backend import torch
from napari_dynaseg.settings import Settings

nn = torch.nn


def build_network(image_channels: int, settings: Settings) -> nn.Sequential:
    """Build the network of the papers with random weights.

    ``blocks - 1`` times a 3×3 convolution, ReLU and batch norm, then a 1×1 convolution and
    batch norm (Kim, Kanezaki and Tanaka 2020, section III; the dynamically weighted loss paper,
    section III-A). Batch norm always uses the statistics of the plane at hand, since there is
    no other plane to generalise to.

    Parameters
    ----------
    image_channels
        Channels of the plane, at least 1.
    settings
        ``channels``, ``blocks`` and ``seed`` are read.

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
        layers += [_convolution(incoming, width, 3, generator), nn.ReLU(), _batch_norm(width)]
        incoming = width
    layers += [_convolution(incoming, width, 1, generator), _batch_norm(width)]
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
    """

    weight: nn.Parameter
    bias: nn.Parameter
    gamma: nn.Parameter
    beta: nn.Parameter

    @property
    def width(self) -> int:
        """How many channels come out."""
        return len(self.bias)


def list_stages(network: nn.Module) -> list[Stage]:
    """List the stages of a network made by `build_network`, the 1×1 convolution last."""
    parameters = list(network.parameters())
    return [Stage(*parameters[place : place + 4]) for place in range(0, len(parameters), 4)]


def _convolution(incoming: int, outgoing: int, size: int, generator: torch.Generator) -> nn.Module:
    """Make a convolution with torch's usual random start, from our own generator.

    The global random state stays untouched: it belongs to the user's session.
    """
    # Nothing is drawn for a tensor that holds nothing, as one on the meta device.
    hollow = nn.Conv2d(incoming, outgoing, size, padding=size // 2, device="meta")
    convolution = hollow.to_empty(device="cpu")
    nn.init.kaiming_uniform_(convolution.weight, a=math.sqrt(5), generator=generator)
    bound = 1 / math.sqrt(incoming * size**2)
    if convolution.bias is not None:
        nn.init.uniform_(convolution.bias, -bound, bound, generator=generator)
    return convolution


def _batch_norm(channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels, track_running_stats=False)
