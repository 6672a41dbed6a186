"""What made a label map, enough to make it again: write it, read it, replay it."""

import contextlib
import hashlib
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from napari_dynaseg.axes import Position
from napari_dynaseg.errors import FileError, ImageError
from napari_dynaseg.labels import LabelMap, RegionNumbers, number_by_size
from napari_dynaseg.pixels import Plane
from napari_dynaseg.settings import Settings

# Under this key a recipe lies in a layer's metadata and in a label file.
METADATA_KEY = "dynaseg_recipe"


class Record(BaseModel):
    """A frozen record that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Record):
    """Which pixels a label map was made from.

    Parameters
    ----------
    name
        Name of the layer or the file.
    path
        Where the image lies, if it lies in a file.
    position
        For each axis of the image the index of the plane, `None` on an axis that was used whole.
    companions
        The positions of other planes that the network was trained on at the same time.
    sha256
        Hash of the float32 plane that the network saw, in row-major order.
    """

    name: str
    path: str | None = None
    position: Position = ()
    companions: tuple[Position, ...] = ()
    sha256: str

    @classmethod
    def of(cls, plane: Plane, name: str, **where: Any) -> "Source":
        """Describe a plane of shape (C, H, W) by its hash and its whereabouts."""
        return cls(
            name=name, sha256=hashlib.sha256(np.ascontiguousarray(plane).data).hexdigest(), **where
        )


class Change(Record):
    """Settings that were turned while a run trained, and the first iteration that used them."""

    iteration: int
    settings: dict[str, Any]


class Recipe(Record):
    """Everything that a label map depends on.

    Parameters
    ----------
    settings
        The knobs at the start, every one of them.
    changes
        What was turned on the way.
    last_iteration
        The iteration whose labels these are.
    numbering
        ``"size"``: labels numbered by falling size; ``"live"``: numbers that stayed with their
        regions while the run went on.
    is_sketch
        Whether these are the labels of the reduced plane, enlarged: what a run in fast quality
        shows of a large plane until it ends.
    source
        The image.
    device, threads
        What it was computed on.
    versions
        Of this package, torch and Python.
    created
        Date and time, UTC, ISO 8601.
    """

    format: Literal[1] = 1
    settings: dict[str, Any]
    changes: tuple[Change, ...] = ()
    last_iteration: int = Field(ge=1)
    numbering: Literal["size", "live"]
    is_sketch: bool = False
    source: Source
    device: str
    threads: int
    versions: dict[str, str]
    created: str

    @classmethod
    def now(cls, settings: Settings, last_iteration: int, source: Source, **more: Any) -> "Recipe":
        """Write the recipe of a run on this machine at this moment."""
        from napari_dynaseg.backend import describe_backend

        backend = describe_backend(settings.device)
        return cls(
            settings=settings.model_dump(),
            last_iteration=last_iteration,
            source=source,
            device=str(backend["device"]),
            threads=int(backend["threads"]),
            versions={
                "napari-dynaseg": version("napari-dynaseg"),
                "torch": str(backend["torch"]),
                "python": platform.python_version(),
            },
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            **more,
        )

    def to_metadata(self) -> dict[str, Any]:
        """Give the recipe as plain values that JSON can hold, under its key."""
        return {METADATA_KEY: self.model_dump(mode="json")}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> "Recipe":
        """Read the recipe back from a layer's or a file's metadata.

        Raises
        ------
        FileError
            If there is no recipe, or none that this version understands.
        """
        if METADATA_KEY not in metadata:
            raise FileError(f"no recipe here: expected an entry {METADATA_KEY!r}")
        try:
            return cls.model_validate(metadata[METADATA_KEY])
        except ValidationError as error:
            complaint = error.errors()[0]
            where = ".".join(str(part) for part in complaint["loc"])
            raise FileError(f"the recipe cannot be read: {where}: {complaint['msg']}") from None


def replay(plane: Plane, recipe: Recipe, companions: Sequence[Plane] = ()) -> LabelMap:
    """Make a label map again from its recipe, or its like on another image.

    Parameters
    ----------
    plane
        float32, shape (C, H, W), as `napari_dynaseg.pixels.to_plane` gives it.
    recipe
        What made the label map.
    companions
        The other planes that it was trained on, where the recipe's source names some.

    Returns
    -------
    numpy.ndarray
        int32, shape (H, W). On the same image and machine it equals the labels the recipe came
        with, whatever the number of threads.

    Raises
    ------
    ImageError
        If there are not as many companions as the recipe names.
    """
    from napari_dynaseg.fit import iter_fit

    if len(companions) != len(recipe.source.companions):
        raise ImageError(
            f"the recipe was made from {len(recipe.source.companions)} further planes of its "
            f"stack; got {len(companions)}"
        )

    settings = _read_settings(recipe.settings)
    turns = {change.iteration: _read_settings(change.settings) for change in recipe.changes}
    run = iter_fit(plane, settings, companions=companions)
    step = next(run)
    numbers = RegionNumbers()
    numbers.follow(step.trained_labels)
    # Another image may run out of labels before the recipe runs out of iterations.
    with contextlib.suppress(StopIteration):
        while step.iteration < recipe.last_iteration:
            step = run.send(turns.get(step.iteration + 1))
            numbers.follow(step.trained_labels)
    labels = step.sketch if recipe.is_sketch else step.labels
    return numbers.apply(labels) if recipe.numbering == "live" else number_by_size(labels)


def _read_settings(knobs: dict[str, Any]) -> Settings:
    """Read a recipe's settings; before there was a quality, every run was exact."""
    return Settings(**{"quality": "exact", **knobs})
