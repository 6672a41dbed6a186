"""The plain way: torch's own network, loss and gradients, which the engine is measured by."""

import copy

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.plain_step import measure_loss
from tests.engine.plain_loss import scribble_loss, similarity_loss


def differentiate_plainly(image, network, weigh, dtype=torch.float64, scribbles=None, guide=None):
    """Give labels, q', both losses and all gradients, by autograd on the whole plane.

    Scribbles, where there are some, weigh a half. A guide gives the soft labels of the pixels
    without a scribble from the hard ones, (H, W, q); they take the place of the own labels.
    """
    network = copy.deepcopy(network).to(dtype)
    with torch.enable_grad():
        plain = measure_loss(network, image.to(dtype), weigh)
        response, labels, in_use = (
            plain.response.permute(2, 0, 1),
            plain.labels,
            plain.labels_in_use,
        )
        similarity, continuity, loss = plain.similarity, plain.continuity, plain.total
        if scribbles is not None or guide is not None:
            others = labels if scribbles is None else torch.where(scribbles < 0, labels, -1)
            drawn = similarity = similarity_loss(response, others)
            if guide is not None:
                drawn = find_soft_entropy(response, others, guide(labels))
            loss = drawn + weigh(in_use) * continuity
        if scribbles is not None:
            loss = loss + 0.5 * scribble_loss(response, scribbles)
        loss.backward()
    gradients = [parameter.grad for parameter in network.parameters()]
    return labels, in_use, similarity.item(), continuity.item(), gradients


def find_soft_entropy(response, others, soft):
    """Give the cross-entropy against soft labels, (H, W, q), as a mean over where others ≥ 0."""
    counts = others >= 0
    logarithms = torch.nn.functional.log_softmax(response, dim=0).permute(1, 2, 0)
    return -(soft.to(response.dtype) * logarithms).sum(dim=2)[counts].sum() / counts.sum()


def differentiate_along(image, network, weigh, masks, response):
    """Give all gradients as `differentiate_plainly` does, on the same side of every kink.

    The ReLU and the absolute difference have kinks, and a value closer to one than float32 can
    tell falls on either side. What lies behind is then another gradient, not a less exact one.

    Parameters
    ----------
    masks
        Where the activation of each ReLU is above 0, (channels, H, W).
    response
        The response map, (q, H, W), whose differences have the signs to take.
    """
    network = copy.deepcopy(network).double()
    wanted, masks = response.argmax(dim=0), iter(masks)
    with torch.enable_grad():
        values = image.double()[None]
        for layer in network:
            is_relu = isinstance(layer, torch.nn.ReLU)
            values = values * next(masks) if is_relu else layer(values)
        values = values[0]
        continuity = sum(
            (values.diff(dim=dim) * response.diff(dim=dim).sign()).mean() for dim in (1, 2)
        )
        loss = similarity_loss(values, wanted) + weigh(len(wanted.unique())) * continuity
        loss.backward()
    return [parameter.grad for parameter in network.parameters()]


def find_largest_error(gradients, expected):
    """Give the largest error of any parameter's gradient, relative to its largest value.

    The bias before a batch norm has no gradient but rounding; it is left out.
    """
    errors = [
        ((one.double() - other).abs().max() / other.abs().max()).item()
        for one, other in zip(gradients, expected, strict=True)
        if other.abs().max() > 1e-12
    ]
    return max(errors)
