"""A method and its knobs, as the command line writes them."""

import pytest
from benchmarks.accuracy.method_choice import (
    CELL_ROWS,
    PAPER_ROWS,
    MethodChoice,
    parse_choices,
)
from benchmarks.accuracy.paper import BSDS500, VOC2012

from napari_dynaseg.errors import SettingsError


def test_knobs_follow_the_name():
    choice = MethodChoice.parse("graph:scale=80:min-size=7")
    assert choice.resolve(3) == {"scale": 80.0, "sigma": 0.5, "min_size": 7}


def test_knobs_for_all_reach_the_methods_that_have_them():
    scf, graph = parse_choices(["scf:mu=7, graph"], quality="exact", iterations=None)
    assert graph.knobs == {}
    resolved = scf.resolve(4)
    assert (resolved["quality"], resolved["iterations"]) == ("exact", 500)
    assert (resolved["mu"], resolved["seed"], resolved["scheme"]) == (7.0, 4, "scf")


def test_a_knob_that_is_written_goes_before_one_for_all():
    choice = MethodChoice.parse("scf:iterations=3", iterations=50)
    assert choice.resolve(0)["iterations"] == 3


def test_what_is_not_random_has_one_seed():
    assert MethodChoice.parse("graph").list_seeds(3) == [0]
    assert MethodChoice.parse("iic").list_seeds(3) == [0, 1, 2]


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["ncut"], "there is no method 'ncut'"),
        (["graph:scale"], "a knob of a method is written knob=value; got 'scale'"),
        (["graph:scale=-1"], "scale must be a number above 0 to 100000; got '-1'"),
        (["graph", "graph"], "each method is measured once; got graph 2 times"),
    ],
)
def test_a_bad_choice_earns_one_sentence(texts, sentence):
    with pytest.raises(SettingsError, match=sentence):
        parse_choices(texts)


def test_every_row_of_the_paper_is_a_method_with_its_printed_figures():
    assert [choice.text for choice in parse_choices(PAPER_ROWS)] == list(BSDS500)
    assert set(VOC2012) == set(BSDS500) - {"superpixels"}
    assert MethodChoice.parse("scf").resolve(0)["mu"] == 50
    assert MethodChoice.parse("fsf").resolve(0)["mu"] == 15
    assert BSDS500["fsf"] == {"all": 0.349, "fine": 0.307, "coarse": 0.42, "mean": 0.359}
    assert len(parse_choices(CELL_ROWS)) == 8
