"""The weight of the continuity term, against the formulas of the papers."""

import pytest

from napari_dynaseg.method.weighting import continuity_weight
from napari_dynaseg.settings import SCHEMES


@pytest.mark.parametrize(
    ("scheme", "mu", "labels_in_use", "weight"),
    [
        ("scf", 50.0, 100, 0.5),
        ("scf", 50.0, 4, 12.5),
        ("scf", 50.0, 1, 50.0),
        ("fsf", 15.0, 90, 6.0),
        ("fsf", 15.0, 3, 0.2),
        ("fixed", 5.0, 100, 5.0),
        ("fixed", 5.0, 3, 5.0),
    ],
)
def test_the_weight_follows_the_formula_of_its_scheme(scheme, mu, labels_in_use, weight):
    assert continuity_weight(scheme, mu, labels_in_use) == pytest.approx(weight)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_formula_shown_to_the_user_is_the_one_computed(scheme):
    right_side = SCHEMES[scheme].formula.removeprefix("w = ").replace("μ", "7").replace("q'", "4")
    divided, _, divisor = right_side.partition(" / ")
    shown = float(divided) / float(divisor or 1)
    assert continuity_weight(scheme, 7.0, 4) == pytest.approx(shown)


def test_as_labels_merge_scf_puts_continuity_first_and_fsf_similarity():
    assert continuity_weight("scf", 50.0, 5) > continuity_weight("scf", 50.0, 50)
    assert continuity_weight("fsf", 15.0, 5) < continuity_weight("fsf", 15.0, 50)
