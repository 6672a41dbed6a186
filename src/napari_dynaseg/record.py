"""A frozen record that files can hold; one that cannot be read earns one sentence."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from napari_dynaseg.errors import FileError

# What came is told beside what was expected, unless it takes longer than this.
LONGEST_TOLD = 40


class Record(BaseModel):
    """A record that refuses fields it does not know; frozen, so threads can share it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls, content: Any, name: str) -> Self:
        """Read a record back.

        Parameters
        ----------
        content
            Plain values, or JSON as bytes.
        name
            What it is called if it cannot be read.

        Raises
        ------
        FileError
            If this version does not understand it.
        """
        is_json = isinstance(content, bytes)
        try:
            return (cls.model_validate_json if is_json else cls.model_validate)(content)
        except ValidationError as error:
            raise FileError(f"{name} cannot be read: {explain(error)}") from None


def explain(error: ValidationError) -> str:
    """Turn pydantic's report into one sentence on its first complaint."""
    complaint = error.errors()[0]
    where, came = ".".join(map(str, complaint["loc"])), repr(complaint["input"])
    expected = ": ".join(filter(None, (where, complaint["msg"])))
    return expected if len(came) > LONGEST_TOLD else f"{expected}; got {came}"
