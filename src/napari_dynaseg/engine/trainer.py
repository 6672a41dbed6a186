"""A network on its way: one plane, one device, one update of the weights after the other."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from napari_dynaseg.backend import is_out_of_memory, torch
from napari_dynaseg.engine.apply import Application
from napari_dynaseg.engine.cpu import CpuEngine
from napari_dynaseg.engine.device_step import DeviceEngine
from napari_dynaseg.engine.devices import DEVICE_TILE, CpuConvolutions, DeviceConvolutions
from napari_dynaseg.engine.lanes import Lanes
from napari_dynaseg.engine.measurement import Measurement
from napari_dynaseg.engine.memory import check_memory
from napari_dynaseg.errors import ImageWarning
from napari_dynaseg.labels import LabelMap
from napari_dynaseg.network import build_network
from napari_dynaseg.pixels import Plane
from napari_dynaseg.settings import Settings

SMALLEST_TILE = 64  # pixels a side; a GPU that cannot hold this is left for the CPU


class Trainer:
    """The network of a run, its optimiser, and the engine that gives its gradients.

    Parameters
    ----------
    plane
        What it trains on, float32, (C, H, W).
    settings
        The knobs at the start.
    device
        Where it trains; a GPU whose memory does not suffice is left for the CPU, with an
        `ImageWarning`.

    Raises
    ------
    ImageError
        If the machine has not the memory for it.
    """

    def __init__(self, plane: Plane, settings: Settings, device: torch.device) -> None:
        if device.type == "cpu":
            check_memory(plane.shape, settings)
        # A copy: the caller's array may be read-only, reversed, or changed while the run goes on.
        self._image = torch.from_numpy(np.array(plane, order="C"))  # (C, H, W)
        self._lanes = Lanes()
        self._device = device
        self.network = build_network(len(plane), settings)
        self._optimiser = torch.optim.SGD(
            self.network.parameters(), lr=settings.learning_rate, momentum=settings.momentum
        )
        self._engine = self._make_engine()

    def _make_engine(self) -> CpuEngine | DeviceEngine:
        if self._device.type == "cpu":
            return CpuEngine(self._image, self.network, self._lanes)
        try:
            self.network.to(self._device)
            return DeviceEngine(self._image.to(self._device), self.network)
        except RuntimeError as error:
            return self._leave_device(error)

    def _leave_device(self, error: RuntimeError) -> CpuEngine:
        """Go on the CPU, if the device ran out of memory."""
        if self._device.type == "cpu" or not is_out_of_memory(error):
            raise error
        warn_of_memory(self._device, "training goes on on the CPU")
        self._device = torch.device("cpu")
        self.network.to(self._device)
        for state in self._optimiser.state.values():
            state.update({name: to_cpu(value) for name, value in state.items()})
        return CpuEngine(self._image, self.network, self._lanes)

    def measure(self, weigh: Callable[[Any], Any]) -> Measurement:
        """Compute labels, loss and gradients at the present weights.

        Parameters
        ----------
        weigh
            Gives the weight w from q', a number or a scalar tensor.
        """
        try:
            return self._engine.set_gradients(weigh)
        except RuntimeError as error:
            self._engine = self._leave_device(error)
            return self._engine.set_gradients(weigh)

    def copy_weights(self) -> torch.Tensor:
        """Copy all weights into one vector."""
        return torch.nn.utils.parameters_to_vector(self.network.parameters()).detach().clone()

    def descend(self) -> None:
        """Update the weights by the gradients."""
        self._optimiser.step()

    def close(self) -> None:
        """End the threads."""
        self._lanes.close()


def apply_network(
    plane: Plane, settings: Settings, weights: torch.Tensor, tile: int | None = None
) -> LabelMap:
    """Give the labels of a plane of any size by a trained network, with the plane's statistics.

    Parameters
    ----------
    plane
        float32, (C, H, W).
    settings
        The knobs that shape the network.
    weights
        As `Trainer.copy_weights` gives them; where they lie, the network is applied.
    tile
        Pixels a side of the tiles that the plane is worked through in; by default what suits
        the device. A GPU whose memory does not suffice gets smaller ones, in the end the CPU.

    Returns
    -------
    numpy.ndarray
        int32, (H, W), the channel of the largest response + 1. The size of the tiles changes
        the label only where the two largest responses are equal but for rounding.
    """
    network = build_network(len(plane), settings).to(weights.device)
    torch.nn.utils.vector_to_parameters(weights, network.parameters())
    if weights.device.type == "cpu":
        with Lanes() as lanes:
            return Application(plane, network, CpuConvolutions(network, lanes, tile)).find_labels()
    tile = tile or DEVICE_TILE
    try:
        return Application(plane, network, DeviceConvolutions(network, tile)).find_labels()
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
    if tile > SMALLEST_TILE:
        return apply_network(plane, settings, weights, tile // 2)
    warn_of_memory(weights.device, "the labels are computed on the CPU")
    return apply_network(plane, settings, weights.cpu())


def to_cpu(value: Any) -> Any:
    """Move a tensor to the CPU; leave anything else."""
    return value.cpu() if isinstance(value, torch.Tensor) else value


def warn_of_memory(device: torch.device, remedy: str) -> None:
    """Tell the user that a device's memory did not suffice, and what is done instead."""
    warnings.warn(f"{device} has not enough memory; {remedy}", ImageWarning, stacklevel=3)
