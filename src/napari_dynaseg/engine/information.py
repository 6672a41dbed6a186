"""Invariant Information Clustering: the mutual information of an image and its changed copy.

Ji, Henriques and Vedaldi 2019.
"""

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.devices import choose_device, keep_float32
from napari_dynaseg.engine.memory import check_memory
from napari_dynaseg.engine.network import build_network
from napari_dynaseg.engine.weights import Weights, copy_weights
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.settings import Settings

# How far a copy's channels are scaled and shifted at random, each on its own.
GAIN, SHIFT = 0.2, 0.1
# Bias of an output that is not to be any pixel's label.
SILENT = -1e4


class InformationLearner:
    """The papers' network, trained until a pixel tells of the same pixel in a changed copy.

    Parameters
    ----------
    picture
        float32, (C, H, W), what it trains on.
    settings
        The knobs of the network and its training.
    clusters
        How many labels there can be.
    displacement
        Up to how many pixels away a pixel is to tell of another's cluster.

    Raises
    ------
    ImageError
        If the machine has not the memory.
    SettingsError
        If the device is not there.
    """

    def __init__(
        self, picture: Plane, settings: Settings, clusters: int, displacement: int
    ) -> None:
        self._device = choose_device(settings.device)
        if self._device.type == "cpu":
            check_memory(picture.shape, settings)
        self._network = build_network(len(picture), settings).to(self._device)
        silence_outputs(self._network, clusters)
        self._picture = torch.from_numpy(picture)[None].to(self._device)  # (1, C, H, W)
        self._clusters, self._displacement = clusters, displacement
        self._generator = torch.Generator().manual_seed(settings.seed)
        self._optimiser = torch.optim.SGD(
            self._network.parameters(), lr=settings.learning_rate, momentum=settings.momentum
        )

    def measure(self) -> LabelMap:
        """Give the labels at the present weights, 1…q, and find the gradients."""
        with torch.enable_grad(), keep_float32(self._device):
            copy, turned = make_copy(self._picture, self._generator)
            response = self._network(self._picture)  # (1, q, H, W)
            own = response[0, : self._clusters].softmax(0)
            other = self._network(copy)[0, : self._clusters].softmax(0).flip(turned)
            self._optimiser.zero_grad()
            (-measure_information(own, other, self._displacement)).backward()  # type: ignore[no-untyped-call]
        labels: LabelMap = (response.detach()[0].argmax(0) + 1).to("cpu", torch.int32).numpy()
        return labels

    def copy_weights(self) -> Weights:
        """Copy the present weights into one vector."""
        return copy_weights(self._network)

    def descend(self) -> None:
        """Update the weights by the gradients."""
        self._optimiser.step()

    def close(self) -> None:
        """Nothing is held open."""


def silence_outputs(network: torch.nn.Sequential, kept: int) -> None:
    """Leave a network as many outputs as there are clusters: the others are never largest."""
    *_, gamma, beta = network.parameters()
    with torch.no_grad():
        gamma[kept:] = 0.0
        beta[kept:] = SILENT


def make_copy(picture: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, list[int]]:
    """Make a copy in other colours, flipped or not.

    Parameters
    ----------
    picture
        (1, C, H, W).
    generator
        On the CPU.

    Returns
    -------
    tuple
        The copy, and the axes that a response map (q, H, W) of it is to be flipped back on.
    """
    draws = torch.rand(2, picture.shape[1], generator=generator) * 2 - 1
    gain, shift = (draws * torch.tensor([[GAIN], [SHIFT]])).to(picture.device)[..., None, None]
    coins = torch.rand(2, generator=generator).tolist()
    turned = [axis + 1 for axis, coin in enumerate(coins) if coin < 0.5]
    return (picture * (1 + gain) + shift).flip([axis + 1 for axis in turned]), turned


def measure_information(own: torch.Tensor, other: torch.Tensor, displacement: int) -> torch.Tensor:
    """Measure the mutual information of two softmax maps, the mean over small displacements.

    Ji et al. 2019, equations 3 and 5.

    Parameters
    ----------
    own, other
        (clusters, H, W), a pixel's numbers adding up to 1.
    displacement
        The largest, in pixels, in each direction.

    Returns
    -------
    torch.Tensor
        A scalar, 0 to log(clusters).
    """
    height, width = own.shape[1:]
    down = [d for d in range(-displacement, displacement + 1) if abs(d) < height]
    across = [d for d in range(-displacement, displacement + 1) if abs(d) < width]
    parts = []
    for y in down:
        for x in across:
            one = own[:, max(0, y) : height + min(0, y), max(0, x) : width + min(0, x)]
            two = other[:, max(0, -y) : height + min(0, -y), max(0, -x) : width + min(0, -x)]
            joint = one.flatten(1) @ two.flatten(1).T / one[0].numel()  # (clusters, clusters)
            joint = ((joint + joint.T) / 2).clamp(min=1e-12)
            independent = joint.sum(0, keepdim=True) * joint.sum(1, keepdim=True)
            parts.append((joint * (joint / independent).log()).sum())
    return torch.stack(parts).mean()
