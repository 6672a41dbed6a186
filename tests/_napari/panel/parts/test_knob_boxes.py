"""The widgets of the knobs: exact numbers, a slider that follows, honest tooltips."""

import pytest

from napari_dynaseg._napari.panel.parts.knob_boxes import SLIDER_STEPS, MuKnob, make_knob
from napari_dynaseg.settings import Settings, describe_knob

pytestmark = pytest.mark.short_pass


@pytest.fixture
def mu(qtbot):
    """Give the μ widget as SCF has it."""
    mu = MuKnob()
    mu.show_value(50.0)
    mu.show_choice("scf", 50.0)
    return mu


@pytest.mark.parametrize(
    "value", [50.0, 0.01, 33.333333333333336, 0.1, 9999.999, 47.86300923226384]
)
def test_the_box_holds_a_number_exactly(mu, value):
    mu.box.value = value
    assert mu.box.value == value


@pytest.mark.parametrize(("value", "text"), [(50.0, "50"), (0.1, "0.1"), (12.25, "12.25")])
def test_the_box_writes_no_idle_zeros(mu, value, text):
    mu.box.value = value
    assert mu.box.native.text() == text


def test_typing_a_number_turns_mu(mu, qtbot):
    turned = []
    mu.turned.connect(turned.append)
    mu.box.native.lineEdit().selectAll()
    qtbot.keyClicks(mu.box.native, "72.5")
    mu.box.native.editingFinished.emit()
    mu.box.native.interpretText()
    assert mu.box.value == 72.5
    assert turned[-1] == 72.5


def test_the_slider_follows_the_box(mu):
    assert mu.slider.value == SLIDER_STEPS // 2
    mu.box.value = 500.0
    assert mu.slider.value == SLIDER_STEPS // 2 + SLIDER_STEPS // 3


def test_the_slider_stops_at_its_end_and_the_box_goes_on(mu):
    mu.box.value = 10_000.0
    assert mu.slider.value == SLIDER_STEPS
    assert mu.box.value == 10_000.0


def test_the_box_follows_the_slider_in_short_numbers(mu):
    turned = []
    mu.turned.connect(turned.append)
    mu.slider.value = SLIDER_STEPS // 2 + SLIDER_STEPS // 3
    assert mu.box.value == 500.0
    assert turned == [500.0]
    mu.slider.value = SLIDER_STEPS // 2 + 1
    assert mu.box.native.text() == "51.2"


def test_showing_a_value_is_no_turning(mu):
    turned = []
    mu.turned.connect(turned.append)
    mu.show_value(80.0)
    mu.show_choice("fsf", 15.0)
    assert turned == []


@pytest.mark.parametrize(
    ("scheme", "effect"),
    [
        ("scf", "Larger μ with SCF: smoother, fewer regions"),
        ("fsf", "Larger μ with FSF: finer, more regions"),
        ("fixed", "Larger μ with Fixed: smoother, fewer regions"),
    ],
)
def test_the_tooltip_tells_which_way_mu_works(mu, scheme, effect):
    mu.show_choice(scheme, 5.0)
    assert mu.box.tooltip.startswith(effect)
    assert mu.slider.tooltip.startswith(effect)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_knob_takes_its_default_and_its_limits(qtbot, name):
    knob, described = make_knob(name), describe_knob(name)
    default = getattr(Settings(), name)
    knob.value = default
    assert knob.value == default
    assert knob.label == described["title"]
    assert described["description"] in knob.tooltip
    if "enum" in described:
        assert list(knob.choices) == described["enum"]
    if "minimum" in described:
        assert knob.min == described["minimum"]


def test_a_device_and_a_scheme_of_one_name_are_called_by_what_each_is(qtbot):
    names = {
        knob: [box.native.itemText(row) for row in range(box.native.count())]
        for knob in ("device", "scheme")
        for box in [make_knob(knob)]
    }
    assert names["device"] == ["A GPU if there is one", "CPU", "CUDA", "MPS"]
    assert names["scheme"][-1] == "Fixed weight (Kim et al. 2020)"
