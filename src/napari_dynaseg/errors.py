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


@contextlib.contextmanager
def name_failure(what: object, verb: str = "read") -> Iterator[None]:
    """Say of what fails what cannot be read, or whatever the verb says; our own errors pass.

    It takes any exception: libraries raise whatever they like on a broken file or a full disk.
    """
    try:
        yield
    except SegmentationError:
        raise
    except Exception as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise FileError(f"{what} cannot be {verb}: {reason}") from error


class ImageWarning(UserWarning):
    """Something in an image was mended before it was segmented."""
