"""The tools for correcting labels by hand."""
