"""What a store is made for: checked entries, and differences in words."""

import pytest

from napari_dynaseg.errors import ImageError
from napari_dynaseg.files.store_description import Description
from napari_dynaseg.image.axes import parse_axes


def describe(**recipe):
    return Description.describe(parse_axes("ZYX", (2, 3, 4)), recipe, (), ())


def test_a_description_differs_from_itself_in_nothing():
    description = describe(mu=5)
    assert description.list_differences(description.model_dump(mode="json")) == []


def test_differences_name_the_entry_and_both_values():
    there = describe(mu=5, seed=1).model_dump(mode="json")
    assert describe(mu=6, seed=1).list_differences(there) == ["recipe.mu is 5 there and 6 here"]


def test_an_entry_that_only_one_has_is_nothing_in_the_other():
    there = describe().model_dump(mode="json")
    assert describe(mu=6).list_differences(there) == ["recipe.mu is 'nothing' there and 6 here"]


def test_pixel_sizes_need_one_entry_for_each_axis():
    with pytest.raises(ImageError, match=r"scale must have one entry for each axis; got \(0.5,\)"):
        Description.describe(parse_axes("ZYX", (2, 3, 4)), {}, (0.5,), ())
