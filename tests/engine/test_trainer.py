"""What happens when a GPU runs out of memory: tiles, then the CPU, and a notice."""

from contextlib import closing

import numpy as np
import pytest

from benchmarks.processes import use_threads
from napari_dynaseg.engine import trainer as module
from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.cpu.gradients import CpuEngine
from napari_dynaseg.engine.gpu.device_step import DeviceEngine
from napari_dynaseg.engine.trainer import Trainer, apply_network
from napari_dynaseg.errors import ImageWarning
from napari_dynaseg.settings import Settings

SMALL = Settings(channels=8, minimum_labels=1)
DEVICE = torch.device("cpu")


class PretendedDevice:
    """Stands for a GPU, where tensors are in fact on the CPU."""

    type = "cuda"

    def __str__(self):
        return "cuda"


@pytest.fixture
def plane():
    return np.random.default_rng(0).random((2, 24, 20), dtype=np.float32)


@pytest.fixture
def on_device(plane, monkeypatch):
    """Give a trainer that believes it is on a GPU."""
    trainer = Trainer(plane, SMALL, DEVICE)
    trainer._device = PretendedDevice()
    trainer._engine = DeviceEngine(trainer._image, trainer.network)
    yield trainer
    trainer.close()


def weigh(labels_in_use):
    return 50 / labels_in_use


def run_out_of_memory(*_):
    raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")


def test_both_engines_take_the_same_steps(plane, on_device):
    trainer = Trainer(plane, SMALL, DEVICE)
    for _ in range(3):
        one, other = trainer.measure(weigh), on_device.measure(weigh)
        assert one.read().similarity == pytest.approx(other.read().similarity, rel=1e-4)
        assert one.read().continuity == pytest.approx(other.read().continuity, rel=1e-4)
        trainer.descend()
        on_device.descend()
    trainer.close()


def test_the_weights_change_without_threads_of_torch_that_the_pool_would_compete_with(
    plane, monkeypatch
):
    counts = []
    monkeypatch.setattr(
        module.MomentumOptimiser, "step", lambda _: counts.append(torch.get_num_threads())
    )
    with use_threads(2), closing(Trainer(plane, SMALL, DEVICE)) as trainer:
        trainer.measure(weigh)
        trainer.descend()
        assert torch.get_num_threads() == 2
    assert counts == [1]


def test_training_goes_on_on_the_cpu_with_the_same_weights_and_a_notice(on_device, monkeypatch):
    usual = on_device.measure(weigh).read().similarity
    monkeypatch.setattr(on_device._engine, "set_gradients", run_out_of_memory)
    with pytest.warns(ImageWarning, match="cuda has not enough memory; training goes on"):
        measurement = on_device.measure(weigh)
    assert isinstance(on_device._engine, CpuEngine)
    assert measurement.read().similarity == pytest.approx(usual, rel=1e-5)


def test_another_error_is_let_out(on_device, monkeypatch):
    def break_off(*_):
        raise RuntimeError("odd")

    monkeypatch.setattr(on_device._engine, "set_gradients", break_off)
    with pytest.raises(RuntimeError, match="odd"):
        on_device.measure(weigh)


def test_the_cpu_itself_running_out_of_memory_is_let_out(plane, monkeypatch):
    trainer = Trainer(plane, SMALL, DEVICE)
    monkeypatch.setattr(trainer._engine, "set_gradients", run_out_of_memory)
    with pytest.raises(RuntimeError, match="out of memory"):
        trainer.measure(weigh)
    trainer.close()


class PretendedWeights:
    """Weights that say they are on a GPU."""

    def __init__(self, weights):
        self._weights = weights
        self.device = PretendedDevice()

    def cpu(self):
        return self._weights


@pytest.fixture
def weights(plane):
    trainer = Trainer(plane, SMALL, DEVICE)
    yield trainer.copy_weights()
    trainer.close()


def pretend_device(monkeypatch, weights, most):
    """Let the device's memory hold tiles up to a size; give the sizes that were tried."""
    tried = []

    def convolve_on_cpu(network, tile):
        tried.append(tile)
        if tile > most:
            run_out_of_memory()
        return real(network, tile)

    real = module.DeviceConvolutions
    monkeypatch.setattr(module, "DeviceConvolutions", convolve_on_cpu)
    monkeypatch.setattr(torch.nn.Module, "to", lambda self, *_: self)
    unwrap = torch.nn.utils.vector_to_parameters
    monkeypatch.setattr(
        torch.nn.utils,
        "vector_to_parameters",
        lambda vector, parameters: unwrap(getattr(vector, "_weights", vector), parameters),
    )
    return tried


def test_a_device_that_cannot_hold_a_tile_gets_smaller_ones(plane, weights, monkeypatch):
    expected, _ = apply_network(plane, SMALL, weights)
    tried = pretend_device(monkeypatch, weights, most=128)
    labels, _ = apply_network(plane, SMALL, PretendedWeights(weights))
    assert tried == [512, 256, 128]
    np.testing.assert_array_equal(labels, expected)


def test_a_device_that_cannot_hold_the_smallest_tile_is_left_for_the_cpu(
    plane, weights, monkeypatch
):
    expected, _ = apply_network(plane, SMALL, weights)
    tried = pretend_device(monkeypatch, weights, most=0)
    with pytest.warns(ImageWarning, match="the labels are computed on the CPU"):
        labels, _ = apply_network(plane, SMALL, PretendedWeights(weights))
    assert tried == [512, 256, 128, 64]
    np.testing.assert_array_equal(labels, expected)


def train_with_threads(plane, threads):
    settings = Settings(seed=1)
    with use_threads(threads), closing(Trainer(plane, settings, DEVICE)) as trainer:
        for _ in range(3):
            trainer.measure(lambda labels_in_use: 50 / labels_in_use)
            trainer.descend()
        weights = trainer.copy_weights()
        return weights, apply_network(plane, settings, weights)


def test_weights_and_labels_are_the_same_to_the_last_bit_whatever_the_number_of_threads():
    plane = np.random.default_rng(0).random((3, 107, 160), dtype=np.float32)
    weights, (labels, statistics) = train_with_threads(plane, 1)
    same_weights, (same_labels, same_statistics) = train_with_threads(plane, 2)
    assert torch.equal(weights, same_weights)
    assert np.array_equal(labels, same_labels)
    for layer, same in zip(statistics.moments, same_statistics.moments, strict=True):
        assert torch.equal(layer.square, same.square)
