"""A set of knobs: what came and what was expected, in one sentence."""

import pytest
from pydantic import Field, ValidationError

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.knobs import Knobs


class Kettle(Knobs):
    """Two knobs."""

    cups: int = Field(2, ge=1, le=8, title="Cups", description="How many")
    heat: float = Field(1.0, gt=0, lt=2, title="Heat", description="How hot")
    lid: bool = Field(True, title="Lid", description="Whether it is on")


def test_knobs_take_their_defaults():
    assert Kettle(heat="1.5").model_dump() == {"cups": 2, "heat": 1.5, "lid": True}


def test_knobs_cannot_change():
    with pytest.raises(ValidationError, match="frozen"):
        Kettle().cups = 3


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"cups": 9}, "cups must be a whole number from 1 to 8; got 9"),
        ({"heat": 2}, "heat must be a number above 0 to below 2; got 2"),
        ({"cups": True}, "cups must be a whole number from 1 to 8; got True"),
        ({"lid": "loose"}, "lid must be true or false; got 'loose'"),
        ({"tea": 1}, "there is no setting 'tea'; the settings are cups, heat, lid"),
    ],
)
def test_a_bad_value_earns_one_sentence(knobs, sentence):
    with pytest.raises(SettingsError) as caught:
        Kettle(**knobs)
    assert str(caught.value) == sentence


def test_a_knob_is_described_with_its_help_and_range():
    assert Kettle.describe("cups")["description"] == "How many"
    assert Kettle.describe_range("heat") == "a number above 0 to below 2"
