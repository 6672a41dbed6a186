"""Where on disk the pixels of a layer lie, told without loading zarr, which takes a while."""

import sys
from pathlib import Path
from typing import Any

# How the folder of a label layer of ours ends.
ENDING = ".dynaseg.ome.zarr"


def find_folder(pixels: Any) -> Path | None:
    """Find the folder in which the pixels of a layer lie; `None` if they lie in none."""
    zarr = sys.modules.get("zarr")
    if zarr is None or not isinstance(pixels, zarr.Array):
        return None
    store = pixels.store
    if not isinstance(store, zarr.storage.LocalStore):
        return None
    folder: Path = Path(store.root).absolute() / pixels.path
    return folder
