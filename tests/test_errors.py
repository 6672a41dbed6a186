"""The family of errors: one base for all, and ValueError where a value is at fault."""

import pytest

from napari_dynaseg import errors


@pytest.mark.parametrize(
    "name", ["SettingsError", "ImageError", "EditError", "FileError", "RunError"]
)
def test_one_except_clause_catches_every_error_raised_on_purpose(name):
    assert issubclass(getattr(errors, name), errors.SegmentationError)


@pytest.mark.parametrize(
    ("name", "is_value_error"),
    [
        ("SettingsError", True),
        ("ImageError", True),
        ("EditError", True),
        ("FileError", False),
        ("RunError", False),
    ],
)
def test_a_bad_value_is_a_value_error_too(name, is_value_error):
    assert issubclass(getattr(errors, name), ValueError) is is_value_error


def test_what_was_mended_is_a_warning_and_no_error():
    assert issubclass(errors.ImageWarning, UserWarning)
    assert not issubclass(errors.ImageWarning, errors.SegmentationError)
