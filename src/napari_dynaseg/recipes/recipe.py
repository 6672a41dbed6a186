"""What made a label map, enough to make it again: write it, read it, replay it."""

import contextlib
import hashlib
import json
import platform
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from napari_dynaseg.errors import FileError, ImageError, ImageWarning
from napari_dynaseg.generators import run_through
from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.labels.run_length import Runs, apply, decode
from napari_dynaseg.method.region_of_interest import (
    Within,
    limit_guidance,
    limit_scribbles,
    place_labels,
)
from napari_dynaseg.method.scribbles import Scribbles, start_numbers
from napari_dynaseg.recipes.refinements import RefinementRecord, Trained, refine_again
from napari_dynaseg.record import Record
from napari_dynaseg.settings import Settings

if TYPE_CHECKING:
    from napari_dynaseg.method.step import Step

# Under this key a recipe lies in a layer's metadata and in a label file.
METADATA_KEY = "dynaseg_recipe"
# And under this one in the header of a network's file, as JSON.
NETWORK_KEY = "dynaseg_network"


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
    axes
        How the axes of the image were read, one letter each, as `parse_axes` takes them; empty
        where the file or the shape told.
    level
        Which resolution of a pyramid, 0 being the finest.
    sha256
        Hash of the float32 plane that the network saw, in row-major order.
    """

    name: str
    path: str | None = None
    position: Position = ()
    companions: tuple[Position, ...] = ()
    axes: str = ""
    level: int = 0
    sha256: str

    @classmethod
    def of(cls, plane: Plane, name: str, **where: Any) -> "Source":
        """Describe a plane of shape (C, H, W) by its hash and its whereabouts."""
        return cls(
            name=name, sha256=hashlib.sha256(np.ascontiguousarray(plane).data).hexdigest(), **where
        )


class SettingsChange(Record):
    """Settings that were turned while a run trained, and the first iteration that used them."""

    iteration: int
    settings: dict[str, Any]


class Provenance(Record):
    """What is said of every label map that a run made.

    Parameters
    ----------
    source
        The image.
    within
        The pixels that the run was limited to; `None` for the whole plane.
    versions
        Of this package, the libraries that it rests on, and Python.
    created
        Date and time, UTC, ISO 8601.
    """

    key: ClassVar[str]
    source: Source
    within: Within | None = None
    versions: dict[str, str]
    created: str

    def to_metadata(self) -> dict[str, Any]:
        """Give it as plain values that JSON can hold, under its key."""
        return {self.key: self.model_dump(mode="json")}


def describe_moment(*packages: str) -> dict[str, Any]:
    """Describe this moment for a provenance: when it is, and which versions there are."""
    versions = {package: version(package) for package in ("napari-dynaseg", *packages)}
    return {
        "versions": {**versions, "python": platform.python_version()},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


class Recipe(Provenance):
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
    planes
        Where the network labelled a stack: the first and the last of its planes, which make a
        box on the stack axes.
    scribbles, guidance
        What was scribbled on the source's plane before the run, and the other segmentation that
        guided it there; their own position says nothing.
    refinements
        How the network was trained on afterwards, with what was painted by then.
    corrections
        What was painted over the labels that came of all that.
    device, threads
        What it was computed on.
    source, within, versions, created
        As in `Provenance`.
    """

    key = METADATA_KEY
    format: Literal[1] = 1
    settings: dict[str, Any]
    changes: tuple[SettingsChange, ...] = ()
    last_iteration: int = Field(ge=1)
    numbering: Literal["size", "live"]
    is_sketch: bool = False
    planes: tuple[Position, Position] | None = None
    scribbles: tuple[Runs, ...] = ()
    guidance: tuple[Runs, ...] = ()
    refinements: tuple[RefinementRecord, ...] = ()
    corrections: tuple[Runs, ...] = ()
    device: str
    threads: int

    @classmethod
    def now(cls, settings: Settings, last_iteration: int, source: Source, **more: Any) -> "Recipe":
        """Write the recipe of a run on this machine at this moment."""
        from napari_dynaseg.engine.backend import describe_backend

        backend = describe_backend(settings.device)
        return cls(
            settings=settings.model_dump(),
            last_iteration=last_iteration,
            source=source,
            device=str(backend["device"]),
            threads=int(backend["threads"]),
            **describe_moment("torch"),
            **more,
        )

    def list_hand_work(self) -> dict[str, Any]:
        """List the fields that hold what a user did by hand, or gave, on this very image."""
        names = ("scribbles", "guidance", "refinements", "corrections")
        return {name: getattr(self, name) for name in names}

    def read_settings(self) -> Settings:
        """Read the knobs at the start."""
        return Settings(**self.settings)

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
        return cls.read(metadata[METADATA_KEY], "the recipe")


def read_network_header(content: bytes) -> dict[str, Any]:
    """Read what a network's file says of itself, without its weights: its recipe among it.

    Parameters
    ----------
    content
        Of the file, in the safetensors format.

    Raises
    ------
    KeyError, ValueError
        If it is no network's file.
    """
    size = int.from_bytes(content[:8], "little")
    own = json.loads(content[8 : 8 + size])["__metadata__"][NETWORK_KEY]
    header: dict[str, Any] = json.loads(own)
    return header


def replay(plane: Plane, recipe: Recipe, companions: Sequence[Plane] = ()) -> LabelMap:
    """Make a label map again from its recipe, or its like on another image.

    Parameters
    ----------
    plane
        float32, shape (C, H, W), as `napari_dynaseg.image.pixels.to_plane` gives it.
    recipe
        What made the label map.
    companions
        The other planes that it was trained on, where the recipe's source names some.

    Returns
    -------
    numpy.ndarray
        int32, shape (H, W). On the same image and machine it equals the labels the recipe came
        with, whatever the number of threads: scribbled, refined and painted as they were.

    Raises
    ------
    FileError
        If what was painted cannot be read.
    ImageError
        If there are not as many companions as the recipe names.

    Warns
    -----
    ImageWarning
        If something was scribbled or painted, or guided the run, and this is another image, where
        that is left out.
    """
    return run_through(iter_replay(plane, recipe, companions))


def iter_replay(
    plane: Plane, recipe: Recipe, companions: Sequence[Plane] = ()
) -> Generator["Step", None, LabelMap]:
    """Replay as `replay` does, yielding each step of the first training; return the labels."""
    numbers = start_numbers(read_scribbles(plane, recipe))
    for step in retrain(plane, recipe, companions):
        numbers.follow(step.trained_labels)
        yield step
    labels = step.sketch if recipe.is_sketch else step.labels
    drawn = read_scribbles(plane, recipe)
    if recipe.numbering == "size":
        numbers = start_numbers(drawn)
        numbers.follow(labels)
    by_numbers = recipe.numbering == "live" or drawn is not None
    made = place_labels(labels, numbers, recipe.within, by_numbers)
    if not is_source(plane, recipe):
        return made
    settings, position = recipe.read_settings(), recipe.source.position
    trained = Trained(step.weights, numbers.list_all(settings.channels), made)
    refined = refine_again(plane, position, settings, trained, recipe.refinements, recipe.within)
    return apply(refined, recipe.corrections, position)


def decode_annotation(plane: Plane, recipe: Recipe, name: str) -> LabelMap | None:
    """Read scribbles or a guidance, (H, W), for the plane that a recipe was made from.

    Parameters
    ----------
    plane
        Another one gets `None`, as where the recipe has none.
    recipe
        Holds them.
    name
        Of its field: ``"scribbles"`` or ``"guidance"``.

    Raises
    ------
    FileError
        If they cannot be read.
    """
    encoded: tuple[Runs, ...] = getattr(recipe, name)
    if not encoded or Source.of(plane, "").sha256 != recipe.source.sha256:
        return None
    return decode(encoded, plane.shape[1:])


def read_scribbles(plane: Plane, recipe: Recipe) -> Scribbles | None:
    """Read a recipe's scribbles for the plane that it was made from; `None` for another.

    Raises
    ------
    FileError
        If they cannot be read.
    """
    channels = recipe.read_settings().channels
    return limit_scribbles(decode_annotation(plane, recipe, "scribbles"), recipe.within, channels)


def retrain(plane: Plane, recipe: Recipe, companions: Sequence[Plane] = ()) -> Iterator["Step"]:
    """Train a network again from its recipe, yielding each step to the last one.

    Parameters
    ----------
    plane, recipe, companions
        As for `replay`.

    Raises
    ------
    ImageError
        If there are not as many companions as the recipe names, or the run was limited to a
        part of a plane of another shape.
    """
    from napari_dynaseg.method.fit import iter_fit

    if len(companions) != len(recipe.source.companions):
        raise ImageError(
            f"the recipe was made from {len(recipe.source.companions)} further planes of its "
            f"stack; got {len(companions)}"
        )
    turns = {change.iteration: Settings(**change.settings) for change in recipe.changes}
    within, scribbles = recipe.within, read_scribbles(plane, recipe)
    run = iter_fit(
        within.crop(plane) if within else plane,
        recipe.read_settings(),
        companions=companions,
        scribbles=scribbles.channels if scribbles else None,
        guidance=limit_guidance(decode_annotation(plane, recipe, "guidance"), within),
    )
    step = next(run)
    yield step
    # Another image may run out of labels before the recipe runs out of iterations.
    with contextlib.suppress(StopIteration):
        while step.iteration < recipe.last_iteration:
            step = run.send(turns.get(step.iteration + 1))
            yield step


def is_source(plane: Plane, recipe: Recipe) -> bool:
    """Tell whether a plane is the one that the recipe was made from.

    Warns
    -----
    ImageWarning
        If it is another, and something was painted on the labels of that one, or scribbled, or
        it was guided.
    """
    name = recipe.source.name
    is_same = Source.of(plane, name).sha256 == recipe.source.sha256
    left_out = []
    if recipe.scribbles or recipe.refinements or recipe.corrections:
        left_out.append(f"what was painted on the labels of {name}")
    if recipe.guidance:
        left_out.append(f"the guidance of {name}")
    if left_out and not is_same:
        warnings.warn(
            f"{' and '.join(left_out)} {'are' if left_out[1:] else 'is'} left out: this is another "
            "image",
            ImageWarning,
            stacklevel=3,
        )
    return is_same
