"""What another method made a label map with, kept beside the labels."""

from typing import Any

from napari_dynaseg.knobs import Knobs
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.peers import Method
from napari_dynaseg.recipes.recipe import Provenance, Source, describe_moment

# Under this key a record lies in a layer's metadata and in a label file.
METHOD_KEY = "dynaseg_method"


class MethodRecord(Provenance):
    """A method, its knobs, and the image that it was run on.

    Parameters
    ----------
    method, title, published_by
        The method's name, what people call it, and who published it.
    knobs
        All of them.
    step
        After which step these labels were seen, where it was stopped on the way; `None` for
        those that it ended in.
    source, within, versions, created
        As in `Provenance`.
    """

    key = METHOD_KEY
    method: str
    title: str
    published_by: str
    knobs: dict[str, Any]
    step: int | None = None

    @classmethod
    def now(
        cls, method: Method, knobs: Knobs, source: Source, within: RegionOfInterest | None = None
    ) -> "MethodRecord":
        """Write down what is run at this moment."""
        return cls(
            method=method.name,
            title=method.title,
            published_by=method.source,
            knobs=knobs.model_dump(mode="json"),
            source=source,
            within=within,
            **describe_moment("torch", "scikit-image", "scikit-learn"),
        )
