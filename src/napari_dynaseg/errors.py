"""What can go wrong, as one family of exceptions whose texts are meant for the user."""

import contextlib
from collections.abc import Iterator
from pathlib import Path


class SegmentationError(Exception):
    """Base of every error this package raises on purpose."""


class SettingsError(SegmentationError, ValueError):
    """A knob was given a value outside its range, or does not exist."""


class ImageError(SegmentationError, ValueError):
    """An image cannot be read as one two-dimensional plane."""


class EditError(SegmentationError, ValueError):
    """A label map cannot be edited as asked."""


class FileError(SegmentationError):
    """A file cannot be read or written."""


class RunError(SegmentationError):
    """A run broke off for a reason outside our own checks, such as too little memory."""


@contextlib.contextmanager
def name_in_errors(path: Path) -> Iterator[None]:
    """Name a file in our errors about it, where they do not yet."""
    try:
        yield
    except SegmentationError as error:
        if str(path) in str(error):
            raise
        raise type(error)(f"{path}: {error}") from error


class ImageWarning(UserWarning):
    """Something in an image was mended before it was segmented."""
