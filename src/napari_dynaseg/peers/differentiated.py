"""The papers' network under any loss, differentiated by torch."""

from collections.abc import Callable

from napari_dynaseg.engine.backend import keep_float32, torch
from napari_dynaseg.engine.memory import check_memory
from napari_dynaseg.engine.network import build_network
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.peers.training import Sampled
from napari_dynaseg.settings import Settings

# Gives the loss and the response map (1, q, H, W) from the network and the picture (1, C, H, W).
Loss = Callable[[torch.nn.Sequential, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


class DifferentiatedLearner:
    """A network with random weights that descends on a loss.

    Parameters
    ----------
    sampled
        What it trains on.
    settings
        The knobs of the network and its training.
    find_loss
        Called once a step.

    Raises
    ------
    ImageError
        If the machine has not the memory.
    """

    def __init__(self, sampled: Sampled, settings: Settings, find_loss: Loss) -> None:
        if sampled.device.type == "cpu":
            check_memory(sampled.picture.shape, settings)
        self.network = build_network(len(sampled.picture), settings).to(sampled.device)
        self._picture = torch.from_numpy(sampled.picture)[None].to(sampled.device)
        self._find_loss, self._device = find_loss, sampled.device
        self._optimiser = torch.optim.SGD(
            self.network.parameters(), lr=settings.learning_rate, momentum=settings.momentum
        )

    def measure(self) -> LabelMap:
        """Give the labels at the present weights, 1…q, and find the gradients."""
        with torch.enable_grad(), keep_float32(self._device):
            loss, response = self._find_loss(self.network, self._picture)
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
        channels = response.detach()[0].argmax(0) + 1
        labels: LabelMap = channels.to(device="cpu", dtype=torch.int32).numpy()
        return labels

    def copy_weights(self) -> torch.Tensor:
        """Copy the present weights into one vector."""
        return torch.nn.utils.parameters_to_vector(self.network.parameters()).detach().clone()

    def descend(self) -> None:
        """Update the weights by the gradients."""
        self._optimiser.step()
