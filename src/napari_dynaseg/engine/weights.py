"""All weights of a network in one vector: opaque outside the engine, numbers in a file."""

import numpy as np
import numpy.typing as npt

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.devices import choose_device
from napari_dynaseg.settings import Device

# On the device where they were trained: to copy them from a GPU is to wait for it.
Weights = torch.Tensor


def copy_weights(network: torch.nn.Module) -> Weights:
    """Copy the present weights of a network."""
    return torch.nn.utils.parameters_to_vector(network.parameters()).detach().clone()


def load_weights(network: torch.nn.Module, weights: Weights) -> None:
    """Give a network on the CPU these weights; they stay as they are when it is trained on."""
    torch.nn.utils.vector_to_parameters(weights.cpu().clone(), network.parameters())


def to_numpy(weights: Weights) -> npt.NDArray[np.float32]:
    """Give the weights as numbers."""
    numbers: npt.NDArray[np.float32] = weights.cpu().numpy()
    return numbers


def from_numpy(numbers: npt.NDArray[np.float32], device: Device = "cpu") -> Weights:
    """Give numbers back as weights, on a device.

    Raises
    ------
    SettingsError
        If the device is not there.
    """
    return torch.from_numpy(numbers).to(choose_device(device))
