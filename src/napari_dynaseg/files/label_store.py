"""The label maps of a whole stack on disk, written plane by plane and resumed after any break."""

import re
import shutil
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

import numpy as np
import zarr

from napari_dynaseg.errors import FileError, ImageError, name_failure
from napari_dynaseg.files.ome_labels import ARRAY, ZARR_ENDING, describe_labels, write_empty
from napari_dynaseg.files.store_description import Description
from napari_dynaseg.image.axes import Axes, Index, Position, list_indices
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.recipes.recipe import METADATA_KEY
from napari_dynaseg.recipes.writing import write_whole

# Under this key a store describes itself, beside the metadata that other readers understand.
STORE_KEY = "dynaseg_store"
# Our own files lie inside the array's folder, where zarr looks for nothing but chunks by name;
# beside the array they would be taken for a broken part of the group.
MARKS = Path(ARRAY, "dynaseg", "finished")
NOTES = Path(ARRAY, "dynaseg", "notes")
# The ending, as a pattern, that zarr and this module give to what is being written.
PARTIAL = f".{'[0-9a-f]' * 32}.partial"

# The viewer shows a plane that a thread is about to write, and both write the same chunk.
WRITING = Lock()


@dataclass(frozen=True, eq=False)
class LabelStore:
    """An OME-Zarr (version 0.5) of label maps, which takes its planes in any order.

    Several processes may write at once, each its own planes. A process may be killed at any
    moment: a plane counts as finished only when all of it is there, and what a kill leaves
    behind is cleared away when the plane is written again. Make one with `create`, `open` or
    `open_or_create`.

    Parameters
    ----------
    path
        The folder, which ends in ``.zarr``.
    description
        What it is made for.
    array
        int32: the axes of the image in their own order, with one entry for channels. Pixels
        that are set here are on disk at once.
    """

    path: Path
    description: Description
    array: zarr.Array[Any]

    @property
    def axes(self) -> Axes:
        """How the axes of the image are read."""
        return self.description.axes

    @property
    def recipe(self) -> dict[str, Any]:
        """What makes the labels, as plain values."""
        return self.description.recipe

    @classmethod
    def create(
        cls, path: Path, axes: Axes, recipe: dict[str, Any], **pixel: tuple[Any, ...]
    ) -> "LabelStore":
        """Create a store in which no plane is finished yet, whole or not at all.

        Parameters
        ----------
        path
            A local folder that does not exist yet and ends in ``.zarr``.
        axes
            How the axes of the image are read. Their order is kept, though OME-Zarr wants time
            first, space last, and five axes at most.
        recipe
            What makes the labels, as plain values that JSON can hold.
        **pixel
            ``scale`` and ``units``: size and unit of a pixel on each axis of the image, or empty.

        Raises
        ------
        FileError
            If there is something already, the path is not such a one, or cannot be written.
        ImageError
            If there is not one scale or unit for each axis.
        """
        description = Description.describe(axes, recipe, **pixel)
        _check_path(path)
        if path.exists():
            raise FileError(f"{path} exists already; expected a path that is free")
        part = path.with_name(f".{path.name}.{uuid4().hex}.partial")
        with name_failure(path, "written"):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                _write_empty(part, description)
                part.rename(path)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> "LabelStore":
        """Open a store that exists.

        Raises
        ------
        FileError
            If there is none, or none that this version understands.
        """
        try:
            group = zarr.open_group(path, mode="r+", zarr_format=3, use_consolidated=False)
            attributes: dict[str, Any] = group.attrs.asdict()
            own = {**attributes[STORE_KEY], "recipe": attributes[METADATA_KEY]}
            description = Description.read(own, STORE_KEY)
            array = group[ARRAY]
        except Exception as error:  # zarr raises whatever it likes on a broken file
            raise FileError(f"{path} is no store of labels: {_explain(error)}") from error
        shape = description.axes.label_sizes
        if not isinstance(array, zarr.Array) or array.shape != shape or array.dtype != np.int32:
            raise FileError(f"{path}: expected an array of int32, shape {shape}; got {array}")
        return cls(path, description, array)

    @classmethod
    def open_or_create(
        cls, path: Path, axes: Axes, recipe: dict[str, Any], **pixel: tuple[Any, ...]
    ) -> "LabelStore":
        """Open the store that an earlier run began, or create it.

        Parameters
        ----------
        path, axes, recipe, **pixel
            As for `create`. The names of the axes, scale and units of a store that is there
            stay as they are.

        Raises
        ------
        FileError
            If a store is there that was made for something else, and in what it differs; or
            if `open` or `create` fail.
        """
        description = Description.describe(axes, recipe, **pixel)
        if not path.exists():
            try:
                cls.create(path, axes, recipe, **pixel)
            except FileError:
                # Another process that began at the same time may have been first.
                if not path.exists():
                    raise
        store = cls.open(path)
        differences = description.list_differences(store.description)
        if differences:
            raise FileError(f"{path} was made for something else: {'; '.join(differences)}")
        store._remove_leftovers()
        return store

    def write_plane(self, position: Position, labels: LabelMap) -> None:
        """Write a plane, then mark it as finished; one that was finished is written anew.

        Parameters
        ----------
        position
            One of ``axes.list_positions()``.
        labels
            Shape (H, W).

        Raises
        ------
        FileError
            If it cannot be written; the plane is then not finished.
        ImageError
            If the position or the shape are not the stack's.
        """
        index = self._index(position)
        if labels.shape != self.axes.plane_shape:
            raise ImageError(
                f"a plane of {self.path} has shape {self.axes.plane_shape}; got {labels.shape}"
            )
        mark = self._mark(position)
        with WRITING, name_failure(self.path, "written"):
            mark.unlink(missing_ok=True)
            self._remove_partial_chunks(position)
            self.array[index] = self.axes.turn(labels)
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()

    def show_plane(self, position: Position, labels: LabelMap) -> None:
        """Write labels of a plane, (H, W), to look at until it is finished; then do nothing."""
        with WRITING:
            if not self.is_finished(position):
                self.array[self._index(position)] = self.axes.turn(labels)

    def is_finished(self, position: Position) -> bool:
        """Say whether all of a plane has been written."""
        return self._mark(position).exists()

    def list_missing(self) -> list[Position]:
        """List the positions of the planes that are not finished, in order."""
        return [
            position for position in self.axes.list_positions() if not self.is_finished(position)
        ]

    def read_plane(self, position: Position) -> LabelMap:
        """Read a plane.

        Returns
        -------
        numpy.ndarray
            int32, shape (H, W), its own memory; 0 where nothing was written.

        Raises
        ------
        FileError
            If it cannot be read.
        ImageError
            If the position is not the stack's.
        """
        index = self._index(position)
        with name_failure(f"{self.path}: {self.axes.describe_position(position)}"):
            return self.axes.turn(np.asarray(self.array[index], np.int32))

    def write_note(self, name: str, content: bytes) -> None:
        """Keep a small file with the store, whole or not at all; one process at a time.

        Parameters
        ----------
        name
            A plain file name; a note of this name is replaced.
        content
            Anything, such as a trained network.

        Raises
        ------
        FileError
            If it cannot be written.
        """
        note = self.path / NOTES / name
        write_whole(note, lambda part: part.write_bytes(content))
        # What an earlier process left that was killed here.
        _remove_all(note.parent, f".{escape(name)}{PARTIAL}")

    def read_note(self, name: str) -> bytes | None:
        """Read a note, or `None` if there is none of this name.

        Raises
        ------
        FileError
            If it cannot be read.
        """
        note = self.path / NOTES / name
        with name_failure(note):
            return note.read_bytes() if note.exists() else None

    def remove_note(self, name: str) -> None:
        """Remove a note, if there is one of this name.

        Raises
        ------
        FileError
            If it cannot be removed.
        """
        note = self.path / NOTES / name
        with name_failure(note, "written"):
            note.unlink(missing_ok=True)
            _remove_all(note.parent, f".{escape(name)}{PARTIAL}")

    def _index(self, position: Position) -> Index:
        """Turn a position into an index of the array."""
        indices = list_indices(position)
        if not self.axes.has_plane(indices) or self.axes.place(indices) != position:
            raise ImageError(f"{position} is no plane of {self.axes.sentence}")
        return self.axes.index_labels(position)

    def _mark(self, position: Position) -> Path:
        name = "-".join(map(str, list_indices(position)))
        return self.path / MARKS / (name or "plane")

    def _remove_partial_chunks(self, position: Position) -> None:
        """Remove what was being written of a plane when its process was killed."""
        chunks = "/".join(
            "*" if isinstance(at, slice) else str(at) for at in self.axes.index_labels(position)
        )
        _remove_all(self.path / ARRAY / "c", chunks + PARTIAL)

    def _remove_leftovers(self) -> None:
        """Remove what kills left outside the planes that will be written again.

        Nobody writes there any more, unlike in the planes that are not finished.
        """
        with name_failure(self.path, "written"):
            for part in self.path.parent.glob(f".{escape(self.path.name)}{PARTIAL}"):
                shutil.rmtree(part, ignore_errors=True)
            for position in self.axes.list_positions():
                if self.is_finished(position):
                    self._remove_partial_chunks(position)


def _check_path(path: Path) -> None:
    # A Path turns the two slashes of an address into one.
    if re.match(r"\w\w+:[/\\]", str(path)):
        raise FileError(f"labels are written to local folders only; got {path}")
    if path.suffix != ZARR_ENDING:
        raise FileError(f"a store of labels must end in {ZARR_ENDING}; got {path}")


def _explain(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"there is no {error} in it"
    return str(error)


def _remove_all(folder: Path, pattern: str) -> None:
    for leftover in folder.glob(pattern):
        leftover.unlink(missing_ok=True)


def _write_empty(path: Path, description: Description) -> None:
    axes = description.axes
    ome = describe_labels(axes, description.scale, description.units)
    own = description.model_dump(mode="json")
    recipe = own.pop("recipe")
    write_empty(path, axes, {"ome": ome, STORE_KEY: own, METADATA_KEY: recipe})
