"""What can go wrong, as one family of exceptions whose texts are meant for the user."""


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


class ImageWarning(UserWarning):
    """Something in an image was mended before it was segmented."""
