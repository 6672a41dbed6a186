"""The device to compute on: which there are, which is wanted, and how it is made to compute."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.errors import SettingsError
from napari_dynaseg.settings import Device

# What torch, cuDNN and cuBLAS say where there is no memory left; the latter two are no
# `torch.cuda.OutOfMemoryError`.
NO_MEMORY = ("out of memory", "not enough memory", "ALLOC_FAILED")

_choosing = threading.RLock()


def list_devices() -> list[Device]:
    """List the devices that torch can compute on here, the fastest first."""
    devices: list[Device] = []
    if torch.cuda.is_available():
        devices.append("cuda")
    if torch.backends.mps.is_available():
        devices.append("mps")
    return [*devices, "cpu"]


def choose_device(wanted: Device) -> torch.device:
    """Turn the device setting into a torch device.

    Parameters
    ----------
    wanted
        ``"auto"`` takes the fastest device there is.

    Raises
    ------
    SettingsError
        If the device asked for is not there.
    """
    available = list_devices()
    if wanted == "auto":
        return torch.device(available[0])
    if wanted not in available:
        raise SettingsError(
            f"device must be one that torch finds here ({', '.join(available)}) or auto; "
            f"got {wanted!r}"
        )
    return torch.device(wanted)


def describe_backend(wanted: Device) -> dict[str, str | int]:
    """Say what a run's result depends on besides its settings: device, threads, torch version."""
    return {
        "device": choose_device(wanted).type,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether torch failed for want of memory, on whichever device."""
    return isinstance(error, torch.cuda.OutOfMemoryError) or any(
        sentence in str(error) for sentence in NO_MEMORY
    )


@contextmanager
def keep_float32(device: torch.device) -> Iterator[None]:
    """Have a device compute in float32, and the same each time, while this is open.

    By torch's defaults the convolutions of a CUDA device round their factors to TF32, ten bits
    of mantissa, and may add up in another order from one run to the next. The caller's own
    choice is restored.
    """
    if device.type != "cuda":
        yield
        return
    product = torch.backends.cuda.matmul
    # The choice is the whole process's: two threads must not restore it in each other's midst.
    with (
        _choosing,
        torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False),
    ):
        before, product.allow_tf32 = product.allow_tf32, False
        try:
            yield
        finally:
            product.allow_tf32 = before
