"""Errors of ours become a notification; all others stay errors."""

import pytest

from napari_dynaseg._napari.work.notifications import show_errors
from napari_dynaseg.errors import ImageError


def test_an_error_of_ours_is_shown_and_ends_what_was_done(monkeypatch):
    told, done = [], []
    monkeypatch.setattr("napari_dynaseg._napari.work.notifications.show_error", told.append)

    @show_errors()
    def work():
        done.append("begun")
        raise ImageError("no image")

    work()
    work()
    assert (told, done) == (["no image"] * 2, ["begun"] * 2)


def test_any_other_error_is_raised():
    with pytest.raises(ValueError, match="odd"), show_errors():
        raise ValueError("odd")
