"""Errors of ours, shown in the viewer as notifications."""

from collections.abc import Iterator
from contextlib import contextmanager

from napari.utils.notifications import show_error

from napari_dynaseg.errors import SegmentationError


@contextmanager
def show_errors() -> Iterator[None]:
    """Show what stands in the way in one sentence, and leave the rest undone; a decorator too."""
    try:
        yield
    except SegmentationError as error:
        show_error(str(error))
