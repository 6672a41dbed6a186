"""A method and its knobs, as the command line writes them."""

import pytest

from benchmarks.accuracy.method_choice import (
    CELL_ROWS,
    OUR_ROWS,
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
    for scheme, mu in (("scf", 50), ("fsf", 15), ("fixed", 5)):
        knobs = MethodChoice.parse(f"{scheme}-published").resolve(0)
        assert (knobs["scheme"], knobs["mu"]) == (scheme, mu)
        assert (knobs["clean"], knobs["padding"], knobs["result"]) == (False, "zeros", "clusters")
    assert BSDS500["fsf-published"] == {"all": 0.349, "fine": 0.307, "coarse": 0.42, "mean": 0.359}


def test_our_rows_are_the_clean_clusters_of_each_scheme_and_the_regions():
    choices = parse_choices(OUR_ROWS)
    knobs = [choice.resolve(0) for choice in choices]
    assert [(each["result"], each["clean"]) for each in knobs[:3]] == [("clusters", True)] * 3
    assert (choices[3].method.name, knobs[3]["result"]) == ("scf", "regions")
    assert len(parse_choices(CELL_ROWS)) == 5 + 3 + len(OUR_ROWS)


def test_knobs_follow_a_short_name_too():
    choice = MethodChoice.parse("regions:detail=40")
    assert choice.text == "regions:detail=40"
    assert (choice.resolve(0)["result"], choice.resolve(0)["detail"]) == ("regions", 40)
    assert MethodChoice.parse("fsf-published:mu=10").resolve(0)["mu"] == 10
