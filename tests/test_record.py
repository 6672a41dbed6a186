"""A record that cannot be read says in one sentence what came and what was expected."""

import pytest
from pydantic import ValidationError

from napari_dynaseg.errors import FileError
from napari_dynaseg.record import Record


class Cup(Record):
    """A number and a word."""

    litres: int
    tea: str = "green"


def test_a_record_is_read_from_plain_values_and_from_json():
    assert Cup.read({"litres": 1}, "cup") == Cup.read(b'{"litres": 1}', "cup") == Cup(litres=1)


def test_a_record_cannot_change():
    with pytest.raises(ValidationError, match="frozen"):
        Cup(litres=1).litres = 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"litres": 1, "milk": 2}, "milk: Extra inputs are not permitted; got 2"),
        ({}, "litres: Field required; got {}"),
        ({"tea": "t" * 50}, "litres: Field required"),
        ("text", "Input should be a valid dictionary or instance of Cup; got 'text'"),
    ],
)
def test_what_is_no_record_earns_one_sentence(content, sentence):
    with pytest.raises(FileError) as caught:
        Cup.read(content, "the cup")
    assert str(caught.value) == f"the cup cannot be read: {sentence}"


def test_broken_json_is_told():
    with pytest.raises(FileError, match="the cup cannot be read: Invalid JSON"):
        Cup.read(b"{", "the cup")
