"""The engine on a real CUDA device, where there is one."""

from contextlib import closing
from functools import partial

import numpy as np
import pytest
from skimage import data

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.cpu.gradients import CpuEngine
from napari_dynaseg.engine.devices import keep_float32
from napari_dynaseg.engine.gpu.device_step import DeviceEngine
from napari_dynaseg.engine.network import build_network
from napari_dynaseg.engine.trainer import Trainer, _work_in_tiles, apply_network, find_probabilities
from napari_dynaseg.errors import ImageWarning
from napari_dynaseg.method.run import iter_fit, segment
from napari_dynaseg.method.weighting import continuity_weight
from napari_dynaseg.settings import Settings
from tests.engine.cpu.test_gradients import PHOTOGRAPHS, cut_photograph, weigh
from tests.engine.gpu.test_device_step import look_at_values
from tests.engine.yardstick import (
    differentiate_along,
    differentiate_plainly,
    find_largest_error,
)

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
CUDA = torch.device("cuda")


@pytest.fixture
def plane():
    return np.ascontiguousarray(data.astronaut().transpose(2, 0, 1), np.float32) / 255


@pytest.fixture
def little_memory():
    """Leave torch 1 % of the device's memory, and what is in use already."""
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(0.01 + torch.cuda.memory_reserved() / total)
    yield 0.01 * total
    torch.cuda.set_per_process_memory_fraction(1.0)


def train(plane, settings, steps=3):
    with closing(Trainer(plane, settings, CUDA)) as trainer:
        for _ in range(steps):
            trainer.measure(weigh)
            trainer.descend()
        return trainer.copy_weights()


@pytest.mark.parametrize("photograph", PHOTOGRAPHS)
def test_gradients_are_those_of_float64_on_the_same_side_of_every_kink(photograph):
    image, network = cut_photograph(photograph), build_network(3, Settings())
    with closing(Trainer(image.numpy(), Settings(), CUDA)) as trainer:
        measurement = trainer.measure(weigh)
        gradients = [parameter.grad.cpu() for parameter in trainer.network.parameters()]
        with keep_float32(CUDA):
            *masks, response = look_at_values(image.to(CUDA), trainer.network)
    expected = differentiate_along(image, network, weigh, [mask > 0 for mask in masks], response)
    _, in_use, similarity, continuity, _ = differentiate_plainly(image, network, weigh)
    assert measurement.read().labels_in_use == in_use
    assert measurement.read().similarity == pytest.approx(similarity, rel=1e-5)
    assert measurement.read().continuity == pytest.approx(continuity, rel=1e-5)
    assert find_largest_error(gradients, expected) < 1e-4


def test_the_same_seed_gives_the_same_weights_and_labels_to_the_last_bit(plane):
    settings = Settings(quality="exact")
    weights, same = (train(plane, settings, 10) for _ in range(2))
    assert torch.equal(weights, same)
    labels, same_labels = (apply_network(plane, settings, each)[0] for each in (weights, same))
    assert np.array_equal(labels, same_labels)


def take_steps(plane, weights, is_recorded):
    """Give the numbers of each step, and the weights at the end."""
    with closing(Trainer(plane, Settings(), CUDA)) as trainer:
        if not is_recorded:
            trainer._engine._recording = None
        measured = []
        for weigh in weights:
            measured.append(trainer.measure(weigh).keep())
            trainer.descend()
        assert not is_recorded or trainer._engine._recording._recorded is not None
        return [step.numbers.tolist() for step in measured], trainer.copy_weights()


def test_replayed_steps_are_those_taken_one_by_one_to_the_last_bit(plane):
    one, other = (partial(continuity_weight, *each) for each in (("scf", 50.0), ("fsf", 15.0)))
    weights = [one] * 6 + [other] * 5
    numbers, end = take_steps(plane, weights, is_recorded=True)
    expected_numbers, expected_end = take_steps(plane, weights, is_recorded=False)
    assert numbers == expected_numbers
    assert torch.equal(end, expected_end)


def test_steps_that_cannot_be_recorded_are_taken_all_the_same(plane, monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError("no")

    expected = train(plane, Settings(), 5)
    monkeypatch.setattr(torch.cuda.CUDAGraph, "capture_begin", refuse)
    assert torch.equal(train(plane, Settings(), 5), expected)


def test_labels_are_those_of_the_cpu_where_the_two_best_responses_differ(plane):
    weights = train(plane, Settings())
    labels, statistics = apply_network(plane, Settings(), weights)
    usual, usual_statistics = apply_network(plane, Settings(), weights.cpu())
    for layer, other in zip(statistics.moments, usual_statistics.moments, strict=True):
        torch.testing.assert_close(layer.square, other.square, rtol=1e-4, atol=1e-4)
    probabilities = np.sort(find_probabilities(plane, Settings(), weights.cpu()), axis=0)
    is_clear = np.log(probabilities[-1] / probabilities[-2]) > 1e-4
    assert np.array_equal(labels[is_clear], usual[is_clear])
    assert is_clear.mean() > 0.99


def test_labels_do_not_depend_on_the_tiles(plane):
    weights = train(plane, Settings())

    def label(tile):
        def work(applications):
            (application,) = applications
            return application.find_labels(statistics), None

        return _work_in_tiles([plane], Settings(), weights, work, tile)[0]

    _, statistics = apply_network(plane, Settings(), weights)
    probabilities = np.sort(find_probabilities(plane, Settings(), weights), axis=0)
    is_clear = np.log(probabilities[-1] / probabilities[-2]) > 1e-4
    assert np.array_equal(label(100)[is_clear], label(512)[is_clear])


def test_a_step_needs_no_float_of_less_precision_whatever_the_user_has_chosen(plane):
    product = torch.backends.cuda.matmul
    expected = train(plane, Settings())
    product.allow_tf32 = True
    try:
        assert torch.equal(train(plane, Settings()), expected)
        assert product.allow_tf32
    finally:
        product.allow_tf32 = False


@pytest.mark.parametrize("scheme", ["scf", "fsf", "fixed", "auto"])
@pytest.mark.parametrize("quality", ["fast", "exact"])
def test_every_scheme_runs(plane, scheme, quality):
    labels = segment(plane, scheme=scheme, quality=quality, iterations=20, device="cuda")
    assert labels.shape == plane.shape[1:]
    assert 2 <= labels.max() <= 100 or scheme == "auto"


def test_scribbles_and_guidance_count(plane):
    scribbles, guidance = (np.zeros(plane.shape[1:], int) for _ in range(2))
    scribbles[100:110, 100:140] = 7
    guidance[:, 256:] = 1
    labels = segment(
        plane, scribbles=scribbles, guidance=guidance, iterations=5, device="cuda", quality="exact"
    )
    assert (labels[100:110, 100:140] == 7).all()


def test_a_run_ends_at_the_same_iteration_whether_or_not_its_numbers_are_read(plane):
    settings = Settings(quality="exact", minimum_labels=60, iterations=200, device="cuda")
    read = [step.labels_in_use for step in iter_fit(plane, settings)]
    assert read[-1] <= 60 < min(read[:-1])
    assert sum(1 for _ in iter_fit(plane, settings)) == len(read)


def test_a_training_too_large_for_the_device_goes_on_on_the_cpu(little_memory):
    side = int((little_memory / 4000) ** 0.5)  # a step holds some ten arrays of 100 channels
    plane = np.random.default_rng(0).random((3, side, side), dtype=np.float32)
    with (
        pytest.warns(ImageWarning, match="cuda has not enough memory; training goes on"),
        closing(Trainer(plane, Settings(), CUDA)) as trainer,
    ):
        trainer.measure(weigh)
    assert isinstance(trainer._engine, CpuEngine)


def test_a_training_that_fits_stays_on_the_device(plane):
    with closing(Trainer(plane, Settings(), CUDA)) as trainer:
        trainer.measure(weigh)
        assert isinstance(trainer._engine, DeviceEngine)


def test_tiles_too_large_for_the_device_become_smaller(plane, little_memory):
    torch.cuda.set_per_process_memory_fraction(0.002)
    weights = train(plane[:, :64, :64], Settings())
    large = np.tile(plane, (1, 3, 3))
    labels, _ = apply_network(large, Settings(), weights)
    usual, _ = apply_network(large, Settings(), weights.cpu())
    assert (labels == usual).mean() > 0.999
