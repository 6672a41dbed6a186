"""One step on a GPU: the network in matrix products, the loss and its gradient written out.

q' and the weight w stay on the device; nothing waits for it, unless a guidance is matched by its
overlaps, or until somebody reads the step's numbers or its labels.
"""

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.gpu.device_convolution import Activation
from napari_dynaseg.engine.gpu.device_loss import differentiate_loss
from napari_dynaseg.engine.gpu.recording import Recording, Weigh
from napari_dynaseg.engine.measurement import Measurement
from napari_dynaseg.engine.network import Stage, list_stages
from napari_dynaseg.engine.norm import EPSILON
from napari_dynaseg.engine.targets import Targets

nn = torch.nn


class DeviceEngine:
    """The loss and its gradients for one plane and one network.

    Parameters
    ----------
    image
        The plane, float32, (C, H, W), on the device.
    network
        As `build_network` makes it, on the device; its gradients are set, its parameters are read.
    targets
        What the responses are drawn to, its tensors on the device; by default each to its own
        label.
    """

    def __init__(self, image: torch.Tensor, network: nn.Sequential, targets: Targets | None = None):
        self._image = image.permute(1, 2, 0).contiguous()  # (H, W, C)
        self._network, self._stages = network, list_stages(network)
        self._targets = targets or Targets(image[0].numel())
        # A guidance is matched on the host in the midst of a step.
        is_recorded = image.device.type == "cuda" and self._targets.guides is None
        self._recording = Recording(self._take_step) if is_recorded else None

    def set_gradients(self, weigh: Weigh) -> Measurement:
        """Compute the loss, and set the gradient of every parameter.

        Parameters
        ----------
        weigh
            Gives the weight w from q', both scalars on the device; the same object as long as
            it gives the same.
        """
        return self._recording.take(weigh) if self._recording else self._take_step(weigh)

    @torch.enable_grad()
    def _take_step(self, weigh: Weigh) -> Measurement:
        self._network.zero_grad()
        # A batch norm takes away what the last bias adds: its gradient is 0 by nature.
        self._stages[-1].bias.grad = torch.zeros_like(self._stages[-1].bias)
        values = self._image
        for stage in self._stages:
            values = normalise(activate(values, stage), stage)
        loss = differentiate_loss(values, self._targets, weigh)
        values.backward(loss.gradient)  # type: ignore[no-untyped-call]
        return Measurement(loss.labels, loss.numbers)


def activate(values: torch.Tensor, stage: Stage) -> torch.Tensor:
    """Convolve (H, W, in), and apply the ReLU if it is a 3×3 convolution: (H, W, out)."""
    if stage.weight.shape[2] == 1:
        matrix, flat = stage.weight.flatten(1), values.flatten(0, 1)
        return torch.addmm(stage.bias.detach(), flat, matrix.T).view(*values.shape[:2], -1)
    activation: torch.Tensor = Activation.apply(  # type: ignore[no-untyped-call]
        values, stage.weight, stage.bias, stage.padding
    )
    return activation


def normalise(values: torch.Tensor, stage: Stage) -> torch.Tensor:
    """Apply the batch norm of a stage to (H, W, channels)."""
    picture = values[None].permute(0, 3, 1, 2)  # (1, channels, H, W), channels last
    result = nn.functional.batch_norm(
        picture, None, None, stage.gamma, stage.beta, training=True, eps=EPSILON
    )
    # Not by an index: torch's way back through that and the norm is wrong for channels last.
    return result.permute(0, 2, 3, 1).squeeze(0).contiguous()
