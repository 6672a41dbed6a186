"""A frozen set of knobs, each with default, range and help; a bad value earns one sentence."""

from functools import cache
from typing import Any

import numpy as np
from pydantic import ConfigDict, ValidationError, ValidationInfo, field_validator

from napari_dynaseg.errors import SettingsError
from napari_dynaseg.record import Record


class Knobs(Record):
    """The knobs of something that runs; frozen, so that they can pass between threads.

    Parameters
    ----------
    **knobs
        Any of the fields, by name; the rest take their defaults.

    Raises
    ------
    SettingsError
        If a knob does not exist or its value is out of range; the text says what came and
        what was expected.
    """

    model_config = ConfigDict(validate_default=True)

    def __init__(self, **knobs: Any) -> None:
        try:
            super().__init__(**knobs)
        except ValidationError as error:
            raise SettingsError(_explain(type(self), error, knobs)) from None

    @field_validator("*", mode="before")
    @classmethod
    def _accept_numpy_scalars_but_no_booleans(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, np.generic):
            value = value.item()
        is_truth = cls.model_fields[str(info.field_name)].annotation is bool
        if isinstance(value, bool) and not is_truth:
            raise ValueError("a truth value is no number")
        return value

    @classmethod
    def describe(cls, name: str) -> dict[str, Any]:
        """Describe a knob as JSON schema does, which every roof reads.

        Parameters
        ----------
        name
            Name of a field.

        Returns
        -------
        dict
            ``type``, ``title`` and ``description``; ``enum`` for a choice; ``minimum``,
            ``maximum``, ``exclusiveMinimum`` and ``exclusiveMaximum`` where there are limits;
            ``words`` and ``step`` where a field says more of its range, ``default_words``
            where its default follows another knob.
        """
        knob: dict[str, Any] = _describe_all(cls)[name]
        return knob

    @classmethod
    def describe_default(cls, name: str) -> str:
        """Say what a knob is by default, in words where that depends on another knob."""
        knob = cls.describe(name)
        return str(knob["default_words"] if "default_words" in knob else knob["default"])

    @classmethod
    def describe_range(cls, name: str) -> str:
        """Say which values a knob takes, in words: ``'a whole number from 1 to 10'``."""
        knob = cls.describe(name)
        if "words" in knob:
            return str(knob["words"])
        if "enum" in knob:
            return "one of " + ", ".join(repr(choice) for choice in knob["enum"])
        if knob["type"] == "boolean":
            return "true or false"
        words = {
            "minimum": "from",
            "exclusiveMinimum": "above",
            "maximum": "to",
            "exclusiveMaximum": "to below",
        }
        kind = "a whole number" if knob["type"] == "integer" else "a number"
        return " ".join([kind, *(f"{words[key]} {knob[key]:.10g}" for key in words if key in knob)])


@cache
def _describe_all(knobs: type[Knobs]) -> dict[str, Any]:
    properties: dict[str, Any] = knobs.model_json_schema()["properties"]
    return properties


def _explain(knobs: type[Knobs], error: ValidationError, given: dict[str, Any]) -> str:
    """Turn pydantic's report into one sentence on its first complaint."""
    complaint = error.errors()[0]
    if not complaint["loc"]:
        return complaint["msg"].removeprefix("Value error, ")
    name = str(complaint["loc"][0])
    if name not in knobs.model_fields:
        return f"there is no setting {name!r}; the settings are {', '.join(knobs.model_fields)}"
    return f"{name} must be {knobs.describe_range(name)}; got {given[name]!r}"
