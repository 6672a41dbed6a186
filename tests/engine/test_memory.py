"""Memory is known before a training begins."""

import psutil
import pytest

from napari_dynaseg.engine.memory import check_memory, estimate_training
from napari_dynaseg.errors import ImageError
from napari_dynaseg.settings import Settings


def test_a_photograph_takes_less_than_2000_bytes_a_pixel():
    assert 1200 < estimate_training((3, 321, 481), Settings()) / (321 * 481) < 2000


def test_deeper_and_wider_networks_take_more():
    usual = estimate_training((3, 99, 99), Settings())
    assert estimate_training((3, 99, 99), Settings(blocks=5)) > 1.5 * usual
    assert estimate_training((3, 99, 99), Settings(channels=200)) > 1.5 * usual


def test_a_training_that_cannot_fit_is_refused_with_what_helps(monkeypatch):
    class Little:
        available = 2e9

    monkeypatch.setattr(psutil, "virtual_memory", Little)
    check_memory((3, 500, 500), Settings())
    sentence = r"plane of 9000×9000 pixels takes about 1\d\d\.\d GB, and 2\.0 GB are available"
    with pytest.raises(ImageError, match=sentence):
        check_memory((3, 9000, 9000), Settings())
