"""The rows that choose planes of a stack."""

from pathlib import Path

import pytest

from napari_dynaseg._napari.panel.parts.knob_boxes import make_knob
from napari_dynaseg._napari.panel.stack_controls import ALL_PLANES, STRATEGIES, StackControls
from napari_dynaseg.image.axes import parse_axes


@pytest.fixture
def controls(qtbot):
    from magicgui.widgets import Container

    controls = StackControls(make_knob("strategy"))
    controls.panel = Container(widgets=controls.rows)
    qtbot.addWidget(controls.panel.native)
    controls.panel.show()
    controls.show_axes(parse_axes("TZYX", (4, 3, 8, 6)))
    return controls


def list_shown(controls):
    return [row.label for row in controls.rows if row.visible]


def test_an_image_of_one_plane_has_no_choice_of_planes(controls):
    controls.show_axes(parse_axes("CYX", (2, 8, 6)))
    assert list_shown(controls) == []
    assert controls.read_ranges() is None
    controls.show_axes(None)
    assert list_shown(controls) == []


def test_a_stack_of_one_plane_has_no_choice_either(controls):
    controls.planes.value = ALL_PLANES
    controls.show_axes(parse_axes("ZYX", (1, 8, 6)))
    assert (list_shown(controls), controls.read_ranges()) == ([], None)


def test_the_plane_on_view_is_the_default(controls):
    assert list_shown(controls) == ["Planes", "Refine"]
    assert controls.read_ranges() is None


def test_all_planes_are_all_of_every_axis(controls):
    controls.planes.value = "All planes"
    assert list_shown(controls) == ["Planes", "Strategy", "Keep in", "Refine"]
    assert controls.read_ranges() == [range(4), range(3)]


def test_a_range_is_chosen_on_each_axis(controls):
    controls.planes.value = "A range"
    assert list_shown(controls) == ["Planes", "Range", "Strategy", "Keep in", "Refine"]
    assert [slider.label for slider in controls.ranges] == ["T", "Z"]
    controls.ranges["T"].value = (1, 2)
    assert controls.read_ranges() == [range(1, 3), range(3)]


def test_a_range_is_kept_while_the_image_stays(controls):
    controls.planes.value = "A range"
    controls.ranges["Z"].value = (1, 1)
    controls.show_axes(parse_axes("TZYX", (4, 3, 8, 6)))
    assert controls.read_ranges() == [range(4), range(1, 2)]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_strategy_is_explained_in_one_sentence(controls, strategy):
    controls.strategy.value = strategy
    assert STRATEGIES[strategy][1:] in controls.strategy.tooltip
    assert "two-dimensional" in controls.strategy.tooltip


def test_a_folder_is_only_what_was_typed(controls):
    assert controls.read_folder() is None
    controls.folder.value = Path("labels.ome.zarr")
    assert controls.read_folder().name == "labels.ome.zarr"
