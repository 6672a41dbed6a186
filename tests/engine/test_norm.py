"""Sums over the pixels of a plane, added part by part."""

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.norm import Moments

# Five pixels of two channels, after a ReLU.
VALUES = torch.tensor([[1.0, 0.0], [3.0, 4.0], [0.0, 6.0], [7.0, 0.0], [0.5, 1.0]])


def test_values_add_their_sum_and_their_squares():
    moments = Moments.make_empty(2, needs_products=False)
    moments.add_values(VALUES)
    assert moments.total.tolist() == [11.5, 11]
    assert moments.square.tolist() == [59.25, 53]


def test_values_add_the_products_of_their_channels_to_what_is_there():
    moments = Moments.make_empty(2, needs_products=True)
    for _ in range(2):
        moments.add_values(VALUES)
    assert moments.total.tolist() == [23, 22]
    assert moments.square.tolist() == [[118.5, 25], [25, 106]]


def test_sums_of_parts_are_float64_and_leave_the_parts_alone():
    parts = [Moments.make_empty(2, needs_products=False) for _ in range(3)]
    for part in parts:
        part.add_values(VALUES)
    whole = Moments.add_up(iter(parts))
    assert whole.total.dtype == torch.float64
    assert whole.total.tolist() == [34.5, 33]
    assert parts[0].total.tolist() == [11.5, 11]
