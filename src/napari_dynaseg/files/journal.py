"""The journal of a label layer: all of it in a folder, from which it is restored after a crash.

Only the blocks of pixels that have changed are written again, and the head, which names the
blocks that count, is replaced last. So whenever the process is killed, a reader finds one state
or the next, never half of one.
"""

import os
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from napari_dynaseg.counting import write_count
from napari_dynaseg.errors import FileError, name_failure
from napari_dynaseg.files.label_state import LayerState
from napari_dynaseg.recipes.writing import write_whole
from napari_dynaseg.record import Record

HEAD = "journal.json"
# Pixels of a block, in row-major order: a plane of 512×512, and few enough to be fast.
BLOCK = 1 << 18

Pixels = npt.NDArray[np.integer[Any]]


class Block(Record):
    """Some pixels in a file of their own, compressed by zlib.

    Parameters
    ----------
    file
        Its name.
    check
        CRC-32 of the pixels.
    """

    file: str = Field(pattern=r"^\d+-\d+$")
    check: int


class Head(Record):
    """What is in a journal.

    Parameters
    ----------
    written
        Date and time, ISO 8601, with the zone.
    layer
        All of the layer but its pixels.
    dtype, shape
        Of the pixels.
    blocks
        The pixels, in row-major order, `BLOCK` by `BLOCK`.
    array
        The Zarr array on disk that has the pixels instead.
    """

    format: Literal[1] = 1
    written: str
    layer: dict[str, Any]
    dtype: str
    shape: tuple[int, ...]
    blocks: tuple[Block, ...] = ()
    array: str | None = None


class Journal:
    """Keeps the journal of one layer; from one thread at a time.

    Parameters
    ----------
    folder
        Made when the journal is first written; nobody else writes there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written = 0
        self._head: Head | None = None

    def write(self, pixels: Pixels | Path, state: LayerState) -> None:
        """Bring the journal up to date.

        Parameters
        ----------
        pixels
            Whole numbers of any shape, read block by block; or where the Zarr array lies that
            has them on disk already.
        state
            All else of the layer.

        Raises
        ------
        FileError
            If it cannot be written; the journal is then as it was.
        """
        written = datetime.now().astimezone().isoformat(timespec="seconds")
        common: dict[str, Any] = {"written": written, "layer": state.to_plain()}
        try:
            if isinstance(pixels, Path):
                head = Head(**common, dtype="", shape=(), array=str(pixels.absolute()))
            else:
                head = self._write_blocks(pixels, common)
            _write_safely(self.folder / HEAD, head.model_dump_json().encode())
            self._head = head
        finally:
            self._remove_blocks()

    def _write_blocks(self, pixels: Pixels, common: dict[str, Any]) -> Head:
        known = self._list_known(pixels)
        blocks = tuple(self._write_block(*numbered, known) for numbered in _number(pixels))
        return Head(**common, dtype=pixels.dtype.str, shape=pixels.shape, blocks=blocks)

    def _list_known(self, pixels: Pixels) -> tuple[Block, ...]:
        """List the blocks that may still count; none where somebody took the journal away."""
        head = self._head
        if head is None or (head.dtype, head.shape) != (pixels.dtype.str, pixels.shape):
            return ()
        return head.blocks if (self.folder / HEAD).exists() else ()

    def _write_block(self, number: int, pixels: Pixels, known: tuple[Block, ...]) -> Block:
        check = zlib.crc32(pixels.data)
        if number < len(known) and known[number].check == check:
            return known[number]
        self._written += 1
        block = Block(file=f"{number}-{self._written}", check=check)
        _write_safely(self.folder / block.file, zlib.compress(pixels.data, 1))
        return block

    def _remove_blocks(self) -> None:
        """Remove the blocks that do not count: those before, or those of a failure."""
        files = {block.file for block in self._head.blocks} if self._head else set()
        for path in self.folder.glob("[0-9]*-[0-9]*"):
            if path.name not in files:
                path.unlink(missing_ok=True)


def read_head(folder: Path) -> Head:
    """Read what is in a journal.

    Raises
    ------
    FileError
        If it cannot be read.
    """
    with name_failure(folder / HEAD):
        return Head.read((folder / HEAD).read_bytes(), str(folder / HEAD))


def read_journal(folder: Path) -> tuple[Any, LayerState]:
    """Read the layer of a journal: its pixels, which may be a Zarr array on disk, and the rest.

    Raises
    ------
    FileError
        If it cannot be read, all of it.
    """
    head = read_head(folder)
    state = LayerState.from_plain(head.layer)
    if head.array is None:
        return _read_pixels(folder, head), state
    import zarr  # takes a while to load, and a panel that opens has no need of it

    with name_failure(head.array):
        return zarr.open_array(head.array, mode="r+"), state


def _number(pixels: Pixels) -> Iterator[tuple[int, Pixels]]:
    """Give each block of pixels its number; each in memory of its own."""
    # What is contiguous is copied much faster by way of a view.
    flat = pixels.reshape(-1) if pixels.flags.c_contiguous else pixels.flat
    for number, start in enumerate(range(0, pixels.size, BLOCK)):
        yield number, np.array(flat[start : start + BLOCK])


def _write_safely(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all, and wait until it is on the disk."""

    def write(part: Path) -> None:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    write_whole(path, write)


def _read_pixels(folder: Path, head: Head) -> Pixels:
    try:
        dtype = np.dtype(head.dtype)
    except TypeError:
        dtype = np.dtype(object)
    size = int(np.prod(head.shape, dtype=object))
    if dtype.kind not in "iu" or min(head.shape, default=0) < 0:
        raise FileError(f"{folder} holds no labels: {head.dtype or 'nothing'}, shape {head.shape}")
    if len(head.blocks) != -(-size // BLOCK):
        raise FileError(
            f"{folder} has {write_count(len(head.blocks), 'block')} of {write_count(size, 'pixel')}"
        )
    flat = np.empty(size, dtype)
    for number, block in enumerate(head.blocks):
        part = flat[number * BLOCK : (number + 1) * BLOCK]
        part[:] = np.frombuffer(_read_block(folder / block.file, block, part.nbytes), dtype)
    return flat.reshape(head.shape)


def _read_block(path: Path, block: Block, size: int) -> bytes:
    with name_failure(path):
        content = zlib.decompressobj().decompress(path.read_bytes(), size)
    if len(content) != size or zlib.crc32(content) != block.check:
        raise FileError(f"{path} is not what was written; the disk may have been full or broken")
    return content
