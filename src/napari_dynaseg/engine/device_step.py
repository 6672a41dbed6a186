"""One step on a GPU: torch's own convolutions and gradients, channels last.

q' and the weight w stay on the device while the step is worked out; the host reads the six
numbers of the step once, at its end, and the label map only when somebody asks for it. Only a
guidance is matched on the host, by its overlaps.
"""

from collections.abc import Callable

from napari_dynaseg.backend import torch
from napari_dynaseg.engine.measurement import Measurement
from napari_dynaseg.engine.targets import Targets
from napari_dynaseg.loss import continuity_loss, guidance_loss, scribble_loss, similarity_loss

nn = torch.nn


class DeviceEngine:
    """The loss and its gradients for one plane and one network, differentiated by torch.

    Parameters
    ----------
    image
        The plane, float32, (C, H, W), on the device.
    network
        As `napari_dynaseg.network.build_network` makes it, on the device; its gradients are set,
        its parameters are read.
    targets
        What the responses are drawn to, its tensors on the device; by default each to its own
        label.
    """

    def __init__(self, image: torch.Tensor, network: nn.Sequential, targets: Targets | None = None):
        self._image = image[None].contiguous(memory_format=torch.channels_last)
        self._network = network
        self._targets = targets or Targets.without_scribbles(image[0].numel())

    @torch.enable_grad()
    def set_gradients(self, weigh: Callable[[torch.Tensor], torch.Tensor]) -> Measurement:
        """Compute the loss, and set the gradient of every parameter.

        Parameters
        ----------
        weigh
            Gives the weight w from q', both scalars on the device.
        """
        self._network.zero_grad()
        response = self._network(self._image)[0]  # (q, H, W)
        labels = response.detach().argmax(dim=0)  # (H, W)
        labels_in_use = count_labels(labels, len(response))
        weight = weigh(labels_in_use)
        similarity, scribble, guidance = self._find_entropies(response, labels)
        continuity = continuity_loss(response)
        loss = similarity + weight * continuity + self._targets.weight * scribble
        if self._targets.guides is not None:
            loss = loss + self._targets.guides.weight * guidance
        loss.backward()  # type: ignore[no-untyped-call]
        terms = [term.detach() for term in (similarity, continuity, scribble, guidance)]
        in_use, *rest = torch.stack([labels_in_use, weight, *terms]).tolist()
        return Measurement(labels, int(in_use), *rest)

    def _find_entropies(
        self, response: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        scribbles, guides = self._targets.scribbles, self._targets.guides
        scribble = guidance = response.new_zeros(())
        others = labels
        if scribbles is not None:
            others = torch.where(scribbles < 0, labels, -1)
            scribble = scribble_loss(response, scribbles)
        if guides is not None:
            wanted = guides.find_wanted(guides.match(labels, len(response)), labels)
            guidance = guidance_loss(response, others, wanted)
        return similarity_loss(response, others), scribble, guidance


def count_labels(labels: torch.Tensor, channels: int) -> torch.Tensor:
    """Count the labels in use, as a float32 scalar on the device, which it does not leave.

    Parameters
    ----------
    labels
        0…channels-1, (H, W).
    channels
        How many labels there can be.
    """
    in_use = torch.zeros(channels, device=labels.device)
    in_use.scatter_(
        0, labels.flatten(), torch.ones((), device=labels.device).expand(labels.numel())
    )
    return in_use.sum()
