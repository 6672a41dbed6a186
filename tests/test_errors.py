"""The family of errors: one base for all, and ValueError where a value is at fault."""

from pathlib import Path

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


@pytest.mark.parametrize(
    ("text", "told"),
    [("no plane", "a.tif: no plane"), ("a.tif has no plane", "a.tif has no plane")],
)
def test_a_file_is_named_in_an_error_once(text, told):
    with pytest.raises(errors.ImageError) as caught, errors.name_in_errors(Path("a.tif")):
        raise errors.ImageError(text)
    assert str(caught.value) == told


def test_an_error_of_ours_keeps_its_words():
    with pytest.raises(errors.ImageError, match="^no plane$"), errors.name_failure(Path("a")):
        raise errors.ImageError("no plane")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(13, "Permission denied", "a.tif"), "Permission denied"),
        (RuntimeError("the codec gave up"), "the codec gave up"),
        (EOFError(), "EOFError"),
    ],
)
def test_what_fails_is_named_once_with_its_reason_whatever_a_library_raises(error, told):
    with pytest.raises(errors.FileError) as caught, errors.name_failure("a.tif", "removed"):
        raise error
    assert str(caught.value) == f"a.tif cannot be removed: {told}"


def test_what_was_mended_is_a_warning_and_no_error():
    assert issubclass(errors.ImageWarning, UserWarning)
    assert not issubclass(errors.ImageWarning, errors.SegmentationError)
