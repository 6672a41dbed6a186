"""Number boxes: a number means the same in every locale, whoever types it."""

import re
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QLocale, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QAbstractSpinBox, QApplication

from napari_dynaseg import _napari
from napari_dynaseg._napari.panel.parts.knob_boxes import MuKnob, make_knob
from napari_dynaseg._napari.panel.parts.number_box import NumberBox, make_exact_box, make_whole_box
from napari_dynaseg._napari.panel.stack_controls import StackControls
from napari_dynaseg.image.axes import parse_axes

pytestmark = pytest.mark.short_pass
LOCALES = ["C", "de_DE", "de_CH", "ar_EG"]


@pytest.fixture(params=LOCALES)
def locale(request):
    """Let Qt have another locale for a test."""
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield request.param
    QLocale.setDefault(before)


def retype(qtbot, line, text):
    """Type another text into a line or box, and leave it by Return."""
    qtbot.addWidget(line.window())
    getattr(line, "lineEdit", lambda: line)().selectAll()
    press_keys(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def press_keys(line, text):
    """Press a key for each character; Qt's own helper knows those of ASCII only."""
    for character in text:
        key = QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, character)
        QApplication.sendEvent(line, key)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7.25", 7.25),
        ("7,25", 7.25),
        ("1.000", 1),
        ("1,000", 1),
        (",5", 0.5),
        ("1e2", 100),
        ("1 000", 1000),
        ("1\u202f000,5", 1000.5),
        ("1’000.5", 1000.5),
        ("٧٫٢٥", 7.25),
    ],
)
def test_point_and_comma_are_the_decimal_sign_in_every_locale(qtbot, locale, text, value):
    box = make_exact_box(0.01, 10_000, value=50)
    retype(qtbot, box.native, text)
    assert box.value == value


@pytest.mark.parametrize(
    "text", ["1.000,5", "1,000.5", "1.000.000", "7;25", "3x2", "-3", "", "nan"]
)
def test_a_text_that_is_no_number_or_might_be_two_leaves_the_last(qtbot, locale, text):
    box = make_exact_box(0.01, 10_000, value=50)
    retype(qtbot, box.native, text)
    assert box.value == 50
    assert box.native.text() == "50"


@pytest.mark.parametrize("value", [7.25, 1000.5, 0.01, 33.333333333333336, 9999.999])
def test_what_a_box_wrote_it_reads_as_the_same(qtbot, locale, value):
    box = make_exact_box(0.01, 10_000, value=50)
    box.value = value
    assert box.native.text() == np.format_float_positional(value, trim="-")
    retype(qtbot, box.native, box.native.text())
    assert box.value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("300", 300),
        ("1.000", 1000),
        ("1,000", 1000),
        ("2 000", 2000),
        ("10.000.000", 10_000_000),
        ("7.25", 50),
        ("7,25", 50),
        ("1e3", 50),
        ("0", 50),
        ("99999999", 50),
    ],
)
def test_whole_numbers_may_have_their_thousands_parted_but_no_decimals(qtbot, locale, text, value):
    box = make_whole_box(1, 10_000_000, value=50)
    retype(qtbot, box.native, text)
    assert box.value == value
    assert type(box.value) is int
    assert box.native.text() == str(value)


def test_a_whole_number_is_told_as_a_whole_number(qtbot):
    box, told = make_whole_box(0, 2**31 - 1, step=1), []
    box.changed.connect(told.append)
    box.value = 2**31 - 1
    box.native.stepBy(-1)
    assert told == [2**31 - 1, 2**31 - 2]
    assert all(type(value) is int for value in told)


def test_mu_steps_from_what_it_shows_in_every_locale(qtbot, locale):
    mu = MuKnob()
    mu.show_value(7.25)
    mu.box.native.stepBy(1)
    assert mu.box.value == pytest.approx(7.35)


def test_what_is_typed_counts_before_the_box_is_left(qtbot):
    box = make_exact_box(0.01, 10_000, value=50)
    qtbot.addWidget(box.native)
    box.native.lineEdit().selectAll()
    press_keys(box.native, "7,25")
    assert box.value == 7.25
    assert box.native.text() == "7,25"


@pytest.mark.parametrize(
    ("text", "last"), [("5", 5), ("1.5", 9), ("1,5", 9), ("1.000", 9), ("x", 9), ("", 9)]
)
def test_the_numbers_at_a_range_take_digits_and_nothing_else(qtbot, locale, text, last):
    controls = StackControls(make_knob("strategy"))
    controls.show_axes(parse_axes("ZYX", (10, 24, 32)))
    slider = controls.ranges["Z"]
    line = slider.native._handle_labels[-1]
    retype(qtbot, line, text)
    assert slider.value == (0, last)
    assert line.text() == str(last)


def test_every_number_of_the_panel_is_typed_into_such_a_box(panel, viewer):
    viewer.add_image(np.zeros((5, 24, 32), np.uint8), name="stack")
    panel.input.image.value = viewer.layers["stack"]
    # magicgui makes a readout for each slider, and hides it where it is not wanted.
    boxes = [box for box in panel.native.findChildren(QAbstractSpinBox) if not box.isHidden()]
    assert len(boxes) >= 15
    assert [box for box in boxes if not isinstance(box, NumberBox)] == []


def test_no_other_kind_of_number_box_is_made_by_a_panel_or_a_dialog():
    folder = Path(_napari.__file__).parent
    others = re.compile(r"\b(Q?(Double|Float|LargeInt)?SpinBox|FloatSlider|QInputDialog)\b")
    users = {path.name for path in folder.glob("**/*.py") if others.search(path.read_text("utf-8"))}
    assert users == {"number_box.py"}
