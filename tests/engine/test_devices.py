"""The choice of the device, and how it is made to compute."""

from contextlib import suppress

import pytest

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.devices import (
    choose_device,
    describe_backend,
    is_out_of_memory,
    keep_float32,
    list_devices,
)
from napari_dynaseg.errors import SettingsError


@pytest.fixture
def pretend(monkeypatch):
    """Pretend which GPUs this machine has."""

    def set_up(*, cuda=False, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return set_up


@pytest.mark.parametrize(
    ("gpus", "devices"),
    [
        ({}, ["cpu"]),
        ({"cuda": True}, ["cuda", "cpu"]),
        ({"mps": True}, ["mps", "cpu"]),
    ],
)
def test_devices_are_listed_with_the_gpu_first_and_the_cpu_always(pretend, gpus, devices):
    pretend(**gpus)
    assert list_devices() == devices


def test_auto_takes_a_gpu_if_there_is_one(pretend):
    pretend(cuda=True)
    assert choose_device("auto").type == "cuda"


def test_auto_takes_the_cpu_if_there_is_no_gpu(pretend):
    pretend()
    assert choose_device("auto").type == "cpu"


def test_the_cpu_can_be_asked_for_beside_a_gpu(pretend):
    pretend(cuda=True)
    assert choose_device("cpu").type == "cpu"


@pytest.mark.parametrize("wanted", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(pretend, wanted):
    pretend()
    expected = rf"^device must be one that torch finds here \(cpu\) or auto; got '{wanted}'$"
    with pytest.raises(SettingsError, match=expected):
        choose_device(wanted)


def test_a_backend_is_described_by_device_threads_and_torch_version(pretend):
    pretend()
    assert describe_backend("auto") == {
        "device": "cpu",
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def read_precision():
    return torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32


def test_on_a_gpu_nothing_is_rounded_to_tf32_and_what_the_user_chose_comes_back():
    assert read_precision() == (True, False)  # torch's defaults
    with suppress(KeyError), keep_float32(torch.device("cuda")):
        assert read_precision() == (False, False)
        assert torch.backends.cudnn.deterministic
        with keep_float32(torch.device("cuda")):
            pass
        assert read_precision() == (False, False)
        raise KeyError
    assert read_precision() == (True, False)
    assert not torch.backends.cudnn.deterministic


def test_on_the_cpu_the_choice_is_left_alone():
    with keep_float32(torch.device("cpu")):
        assert read_precision() == (True, False)


@pytest.mark.parametrize(
    "text",
    ["CUDA out of memory.", "MPS backend out of memory", "CUBLAS_STATUS_ALLOC_FAILED when calling"],
)
def test_want_of_memory_is_told_from_other_errors(text):
    assert is_out_of_memory(RuntimeError(text))
    assert not is_out_of_memory(RuntimeError("CUDA error: device-side assert triggered"))
