"""How each kind of device applies the 3×3 layers of a trained network to a part of a plane."""

from collections.abc import Callable, Iterable

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.cpu import winograd
from napari_dynaseg.engine.cpu.grid import RECTANGLE_VALUES, TILE
from napari_dynaseg.engine.cpu.network_layers import flatten_kernels, see_neighbourhoods
from napari_dynaseg.engine.cpu.thread_pool import Item, Result, ThreadPool, Workspace
from napari_dynaseg.engine.network import list_stages

nn = torch.nn

DEVICE_TILE = 512  # pixels a side on a GPU: 0.1 GB an array of 100 channels


class CpuConvolutions:
    """Winograd's convolution on tiles that fit into a core's cache.

    Parameters
    ----------
    network
        The trained network.
    pool
        Who computes.
    tile
        Pixels a side of a tile.
    """

    def __init__(self, network: nn.Sequential, pool: ThreadPool, tile: int | None = None):
        stages = list_stages(network)
        self._pool = pool
        width = stages[0].width
        self.tile = tile or TILE * max(1, round((RECTANGLE_VALUES / width) ** 0.5))
        self._biases = [stage.bias.detach() for stage in stages]
        self._kernels = [
            winograd.transform_kernels(stage.weight.detach()) if place else flatten_kernels(stage)
            for place, stage in enumerate(stages[:-1])
        ]

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Do the work on each item, one in each thread at a time."""
        return self._pool.map(work, items)

    def take(self, name: str, *shape: int) -> torch.Tensor:
        """Give scratch memory of the thread."""
        return self._pool.workspace.take(name, *shape)

    def convolve(self, layer: int, region: torch.Tensor) -> torch.Tensor:
        """Convolve (h + 2, w + 2, in) without padding and apply the ReLU: (h, w, out)."""
        compute = self._convolve_tiles if layer else self._convolve_neighbourhoods
        return compute(layer, region, self._pool.workspace)

    def _convolve_neighbourhoods(
        self, layer: int, region: torch.Tensor, workspace: Workspace
    ) -> torch.Tensor:
        windows = see_neighbourhoods(region)
        height, width = windows.shape[:2]
        inputs = workspace.take("neighbourhoods", *windows.shape).copy_(windows)
        outputs = workspace.take("first layer", height * width, len(self._biases[layer]))
        flat = inputs.view(len(outputs), -1)
        torch.addmm(self._biases[layer], flat, self._kernels[layer], out=outputs)
        return outputs.relu_().view(height, width, -1)

    def _convolve_tiles(
        self, layer: int, region: torch.Tensor, workspace: Workspace
    ) -> torch.Tensor:
        height, width = region.shape[0] - 2, region.shape[1] - 2
        rows, columns = -(-height // TILE), -(-width // TILE)
        padded = region
        if (TILE * rows, TILE * columns) != (height, width):
            padded = workspace.take("padded", TILE * rows + 2, TILE * columns + 2, region.shape[2])
            padded.zero_()[: height + 2, : width + 2] = region
        picture = winograd.convolve(padded, self._kernels[layer], workspace)
        return picture.add_(self._biases[layer]).relu_()[:height, :width]


class DeviceConvolutions:
    """torch's own convolution, channels last, one tile after the other.

    Parameters
    ----------
    network
        The trained network, on its device.
    tile
        Pixels a side of a tile.
    """

    def __init__(self, network: nn.Sequential, tile: int = DEVICE_TILE):
        self.tile = tile
        self._stages = list_stages(network)
        self._device = self._stages[0].weight.device

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Do the work on each item."""
        return [work(item) for item in items]

    def take(self, _name: str, *shape: int) -> torch.Tensor:
        """Give scratch memory; the device's own allocator keeps it at hand."""
        return torch.empty(shape, device=self._device)

    def convolve(self, layer: int, region: torch.Tensor) -> torch.Tensor:
        """Convolve (h + 2, w + 2, in) without padding and apply the ReLU: (h, w, out)."""
        stage = self._stages[layer]
        picture = region.permute(2, 0, 1)[None]  # (1, in, h + 2, w + 2), channels last
        outputs = nn.functional.conv2d(picture, stage.weight, stage.bias)
        return outputs.relu_()[0].permute(1, 2, 0)
