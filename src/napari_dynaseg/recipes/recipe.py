"""What made a label map, enough to make it again."""

import hashlib
import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import AfterValidator, Field

from napari_dynaseg.errors import FileError
from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.labels.run_length import Runs, decode
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.recipes.refinements import RefinementRecord
from napari_dynaseg.record import Record
from napari_dynaseg.settings import Settings

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


# What runs did before there was a knob for it.
OLD_KNOBS = {"padding": "zeros", "result": "clusters", "detail": 50.0, "clean": False}

# All knobs of a run, by name; those that an older version did not know are added.
KeptSettings = Annotated[dict[str, Any], AfterValidator(lambda kept: {**OLD_KNOBS, **kept})]


class SettingsChange(Record):
    """Settings that were turned while a run trained, and the first iteration that used them."""

    iteration: int
    settings: KeptSettings


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
    within: RegionOfInterest | None = None
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
    numbered_at
        The detail by whose cut labels were numbered by size, where they were cut elsewhere later.
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
    settings: KeptSettings
    changes: tuple[SettingsChange, ...] = ()
    last_iteration: int = Field(ge=1)
    numbering: Literal["size", "live"]
    numbered_at: float | None = None
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
        from napari_dynaseg.engine.devices import describe_backend

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

    @property
    def detail(self) -> float:
        """Where the tree was cut in the end."""
        last = self.changes[-1] if self.changes else self
        return float(last.settings["detail"])

    def cut_at(self, detail: float, **more: Any) -> Self:
        """Give the recipe of the same run with its tree cut elsewhere; no training hangs on it.

        Labels keep their numbers. More are further knobs on which no training hangs.
        """
        knobs = {"detail": detail, **more}
        changes = tuple(
            change.model_copy(update={"settings": {**change.settings, **knobs}})
            for change in self.changes
        )
        numbered_at = self.numbered_at
        if numbered_at is None and detail != self.detail:
            numbered_at = self.detail
        update = {"settings": {**self.settings, **knobs}, "changes": changes}
        return self.model_copy(update={**update, "numbered_at": numbered_at})

    def decode_annotation(self, name: str, shape: tuple[int, ...]) -> LabelMap | None:
        """Decode the field of scribbles or of the guidance, (H, W); `None` where it is empty.

        Raises
        ------
        FileError
            If they cannot be read.
        """
        encoded: tuple[Runs, ...] = getattr(self, name)
        return decode(encoded, shape) if encoded else None

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
