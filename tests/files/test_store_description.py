"""What a store is made for: checked entries, and differences in words."""

import pytest

from napari_dynaseg.errors import ImageError
from napari_dynaseg.files.store_description import Description
from napari_dynaseg.image.axes import parse_axes


def describe(**recipe):
    return Description.describe(parse_axes("ZYX", (2, 3, 4)), recipe, (), ())


def test_a_description_differs_from_itself_in_nothing():
    description = describe(mu=5)
    assert description.list_differences(description) == []


def test_differences_name_the_entry_and_both_values():
    there = describe(mu=5, seed=1)
    assert describe(mu=6, seed=1).list_differences(there) == ["recipe.mu is 5 there and 6 here"]


def test_an_entry_that_only_one_has_is_nothing_in_the_other():
    there = describe()
    assert describe(mu=6).list_differences(there) == ["recipe.mu is 'nothing' there and 6 here"]


def test_pixel_sizes_need_one_entry_for_each_axis():
    with pytest.raises(ImageError, match=r"scale must have one entry for each axis; got \(0.5,\)"):
        Description.describe(parse_axes("ZYX", (2, 3, 4)), {}, (0.5,), ())


def test_names_and_the_size_of_a_pixel_make_no_difference():
    here = Description.describe(
        parse_axes("ZYX", (2, 3, 4)), {"mu": 5, "image": "cells", "path": "a.tif"}, (), ()
    )
    there = Description.describe(
        parse_axes("TYX", (2, 3, 4)), {"mu": 5, "image": "a.tif"}, (2, 1, 1), ("um", "um", "um")
    )
    assert here.list_differences(there) == []


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("network", "its labels come from another network"),
        ("replay", "it replays another recipe"),
    ],
)
def test_what_two_hashes_stand_for_is_told_in_words(entry, told):
    assert describe(**{entry: "3f"}).list_differences(describe(**{entry: "9a"})) == [told]
    assert describe(**{entry: "3f"}).list_differences(describe()) == [told]
