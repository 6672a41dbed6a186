"""Labels in and out of files: TIFF, OME-Zarr, recipes, the journal."""
