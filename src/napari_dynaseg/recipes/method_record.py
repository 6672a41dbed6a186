"""What another method made a label map with, kept beside the labels."""

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from napari_dynaseg.knobs import Knobs
from napari_dynaseg.method.region_of_interest import Within
from napari_dynaseg.peers import Method
from napari_dynaseg.recipes.recipe import Source
from napari_dynaseg.record import Record

# Under this key a record lies in a layer's metadata and in a label file.
METADATA_KEY = "dynaseg_method"


class MethodRecord(Record):
    """A method, its knobs, and the image that it was run on.

    Parameters
    ----------
    method, title, published_by
        The method's name, what people call it, and who published it.
    knobs
        All of them.
    source
        The image.
    within
        The pixels that it was limited to, if it was.
    step
        After which step these labels were seen, where it was stopped on the way; `None` for
        those that it ended in.
    versions
        Of this package, the libraries it may rest on, and Python.
    created
        Date and time, UTC, ISO 8601.
    """

    method: str
    title: str
    published_by: str
    knobs: dict[str, Any]
    source: Source
    within: Within | None = None
    step: int | None = None
    versions: dict[str, str]
    created: str

    @classmethod
    def now(
        cls, method: Method, knobs: Knobs, source: Source, within: Within | None = None
    ) -> "MethodRecord":
        """Write down what is run at this moment."""
        packages = ("napari-dynaseg", "torch", "scikit-image", "scikit-learn")
        return cls(
            method=method.name,
            title=method.title,
            published_by=method.source,
            knobs=knobs.model_dump(mode="json"),
            source=source,
            within=within,
            versions={
                **{package: version(package) for package in packages},
                "python": platform.python_version(),
            },
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def to_metadata(self) -> dict[str, Any]:
        """Give the record as plain values that JSON can hold, under its key."""
        return {METADATA_KEY: self.model_dump(mode="json")}
