"""napari's layers, without Qt: read, write, place, follow."""
