"""When a step is recorded, when replayed, and when neither; see `test_cuda` for the real thing."""

import pytest

from napari_dynaseg.engine.backend import torch
from napari_dynaseg.engine.gpu.recording import Recording
from napari_dynaseg.engine.measurement import Measurement

LABELS = torch.zeros(2, 2, dtype=torch.int64)


class Graph:
    """Stands for a recorded step."""

    def __init__(self, log):
        self._log = log

    def replay(self):
        self._log.append("replay")


class Log(list):
    """Notes what a recording does."""

    def take(self, _):
        self.append("step")
        return Measurement.of(LABELS, 1, 2, 3, 4, 5, 6)

    def record(self, weigh):
        self.append("record")
        return Graph(self), Measurement.of(LABELS, weigh(1), 0, 0, 0, 0, 0)


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def recording(log, monkeypatch):
    recording = Recording(log.take)
    monkeypatch.setattr(recording, "_record", log.record)
    return recording


def one(_):
    return 7


def other(_):
    return 8


def test_a_step_that_repeats_is_recorded_once_and_replayed(recording, log):
    measured = [recording.take(one).read().labels_in_use for _ in range(5)]
    assert log == ["step", "step", "record", "replay", "replay", "replay"]
    assert measured == [1, 1, 7, 7, 7]


def test_another_weight_is_recorded_anew(recording, log):
    for weigh in [one] * 3 + [other] * 3:
        last = recording.take(weigh)
    assert log == ["step", "step", "record", "replay"] * 2
    assert last.read().labels_in_use == 8


def test_a_step_that_cannot_be_recorded_is_taken_each_time(recording, log, monkeypatch):
    def refuse(_):
        log.append("refuse")
        raise RuntimeError("out of memory")

    monkeypatch.setattr(recording, "_record", refuse)
    for _ in range(4):
        recording.take(one)
    assert log == ["step", "step", "refuse", "step", "step"]
