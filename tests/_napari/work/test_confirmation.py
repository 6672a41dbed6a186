"""A change whose undo would take much memory waits until the user confirms it."""

from types import SimpleNamespace

import pytest

from napari_dynaseg._napari.work.confirmation import MOST_UNDO_BYTES, Confirmation, write_bytes


@pytest.fixture
def told():
    return []


@pytest.fixture
def confirmation(told):
    confirmation = Confirmation()
    confirmation.asked.connect(told.append)
    return confirmation


def make_change(undo_bytes, layer="layer"):
    return SimpleNamespace(undo_bytes=undo_bytes, target=SimpleNamespace(layer=layer))


def test_a_small_change_is_written_at_once(confirmation, told):
    written = []
    assert confirmation.submit(make_change(MOST_UNDO_BYTES), lambda: written.append(1))
    assert (written, told, confirmation.is_open) == ([1], [], False)


def test_a_costly_change_is_written_once_and_not_before_it_is_confirmed(confirmation, told):
    written = []
    assert not confirmation.submit(make_change(1.2e9), lambda: written.append(1))
    assert (written, confirmation.is_open) == ([], True)
    confirmation.confirm()
    confirmation.confirm()
    assert written == [1]
    assert told == ["Really? Its undo would take 1.2 GB", "", ""]


def test_a_change_falls_away_with_its_layer_alone(confirmation):
    confirmation.submit(make_change(1e9, "mine"), list)
    confirmation.forget_layer("other")
    assert confirmation.is_open
    confirmation.forget_layer("mine")
    assert not confirmation.is_open


@pytest.mark.parametrize(("count", "text"), [(2.1e8, "210 MB"), (1e9, "1.0 GB")])
def test_memory_is_written_with_its_unit(count, text):
    assert write_bytes(count) == text
