"""One thing is one, and everything else are several."""

import pytest

from napari_dynaseg.counting import write_count


@pytest.mark.parametrize(
    ("count", "written"),
    [(0, "0 labels"), (1, "1 label"), (2, "2 labels"), (12_345, "12,345 labels")],
)
def test_only_one_thing_has_no_s(count, written):
    assert write_count(count, "label") == written
