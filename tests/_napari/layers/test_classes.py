"""Names and colours of labels: given, followed, taken away."""

import numpy as np
import pandas as pd
import pytest
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_dynaseg._napari.layers.classes import (
    MOST_COLOURS,
    add_rows,
    follow_new_labels,
    follow_renumbering,
    give_class,
    read_classes,
    read_table,
    write_table,
)

RED, BLUE = (1, 0, 0, 1), (0, 0, 1, 1)


@pytest.fixture
def layer():
    return Labels(np.array([[1, 2, 3, 9]], np.int32))


def colour(layer, number):
    return np.round(layer.colormap.map(number), 3).tolist()


def test_a_class_and_its_colour_are_given_to_several_labels(layer):
    before = colour(layer, 3)
    give_class(layer, [1, 9], "nucleus", RED)
    assert read_classes(layer) == {1: "nucleus", 9: "nucleus"}
    assert list(layer.features["index"]) == [1, 9]
    assert list(layer.features["class"]) == ["nucleus", "nucleus"]
    assert colour(layer, 1) == colour(layer, 9) == list(RED)
    assert colour(layer, 3) == before
    assert colour(layer, 0) == [0, 0, 0, 0]


def test_a_class_has_one_colour_which_all_its_labels_change_with(layer):
    give_class(layer, [1], "nucleus", RED)
    give_class(layer, [2], "nucleus")
    assert colour(layer, 2) == list(RED)
    give_class(layer, [3], "nucleus", BLUE)
    assert [colour(layer, number) for number in (1, 2, 3)] == [list(BLUE)] * 3


def test_without_a_colour_a_new_class_takes_that_of_its_first_label(layer):
    first = colour(layer, 2)
    give_class(layer, [2, 3], "cell")
    assert colour(layer, 2) == colour(layer, 3) == first


def test_an_empty_name_takes_class_and_colour_away(layer):
    usual = colour(layer, 1)
    give_class(layer, [1, 2], "cell", RED)
    give_class(layer, [1], "")
    assert read_classes(layer) == {2: "cell"}
    assert colour(layer, 1) == usual
    assert colour(layer, 2) == list(RED)


def test_label_0_has_no_class(layer):
    give_class(layer, [0], "cell", RED)
    assert read_classes(layer) == {}
    assert colour(layer, 0) == [0, 0, 0, 0]


def test_labels_painted_later_have_their_usual_colours(layer):
    usual = colour(layer, 40)
    give_class(layer, [1], "cell", RED)
    assert colour(layer, 40) == usual
    assert colour(layer, 5_000_000)[3] == 1  # to be seen, whatever its colour


def test_colours_that_the_user_set_stay(layer):
    layer.colormap = DirectLabelColormap(color_dict={3: BLUE, 20_000: RED, None: RED})
    give_class(layer, [1], "cell", RED)
    assert colour(layer, 3) == list(BLUE)
    assert colour(layer, 20_000) == list(RED)


def test_a_label_with_a_huge_number_has_a_class(layer):
    layer.data[0, 0] = 3 * MOST_COLOURS
    give_class(layer, [3 * MOST_COLOURS], "cell", RED)
    assert colour(layer, 3 * MOST_COLOURS) == list(RED)


def test_showing_the_selected_label_alone_changes_no_colour(layer):
    layer.show_selected_label = True
    third = colour(layer, 3)
    give_class(layer, [3], "cell")
    assert colour(layer, 3) == third


def test_columns_of_the_user_stay(layer):
    layer.features = pd.DataFrame({"index": [2, 3], "note": ["good", "bad"]})
    give_class(layer, [3, 9], "cell", RED)
    table = read_table(layer)
    assert table.loc[2, "note"] == "good"
    assert table.loc[3, ["class", "note"]].tolist() == ["cell", "bad"]
    assert table.loc[9, "class"] == "cell"


def test_a_table_without_an_index_counts_from_0_as_in_napari(layer):
    layer.features = pd.DataFrame({"note": ["background", "one", "two"]})
    assert read_table(layer).loc[1, "note"] == "one"
    write_table(layer, read_table(layer))
    assert layer.features["index"].tolist() == [0, 1, 2]


def test_rows_are_added_once_and_sorted(layer):
    add_rows(layer, {9: "", 1: "a"})
    add_rows(layer, {1: "b", 2: ""})
    assert layer.features["index"].tolist() == [1, 2, 9]
    assert read_classes(layer) == {1: "b"}


def test_new_labels_take_class_and_colour_of_those_that_they_came_from(layer):
    give_class(layer, [2], "cell", RED)
    usual = colour(layer, 11)
    follow_new_labels(layer, {10: 2, 11: 3}, wants_rows=False)
    assert read_classes(layer) == {2: "cell", 10: "cell"}
    assert 11 not in read_table(layer).index
    assert colour(layer, 10) == list(RED)
    assert colour(layer, 11) == usual


def test_objects_have_a_row_each_with_or_without_a_class(layer):
    follow_new_labels(layer, {10: 2, 11: 3}, wants_rows=True)
    assert layer.features["index"].tolist() == [10, 11]
    assert not isinstance(layer.colormap, DirectLabelColormap)


def test_without_classes_nothing_follows(layer):
    follow_new_labels(layer, {10: 2}, wants_rows=False)
    assert layer.features.empty


def test_rows_and_colours_move_with_renumbered_labels(layer):
    give_class(layer, [9], "cell", RED)
    second, third = colour(layer, 2), colour(layer, 3)
    follow_renumbering(layer, {2: 3, 3: 2, 9: 4})
    assert read_classes(layer) == {4: "cell"}
    assert colour(layer, 4) == list(RED)
    assert (colour(layer, 3), colour(layer, 2)) == (second, third)
    follow_renumbering(layer, {3: 2, 2: 3, 4: 9})
    assert read_classes(layer) == {9: "cell"}
    assert (colour(layer, 2), colour(layer, 3)) == (second, third)


def test_what_renumbering_displaces_comes_back(layer):
    give_class(layer, [4], "gone", RED)
    give_class(layer, [9], "cell", BLUE)
    displaced = follow_renumbering(layer, {9: 4})
    assert read_classes(layer) == {4: "cell"}
    assert colour(layer, 9) != list(BLUE)
    follow_renumbering(layer, {4: 9}, displaced)
    assert read_classes(layer) == {4: "gone", 9: "cell"}
    assert (colour(layer, 4), colour(layer, 9)) == (list(RED), list(BLUE))
