"""The one kind of number box: it writes a point and reads point and comma, in every locale."""

import re
from typing import Any

import numpy as np
from magicgui import use_app
from magicgui.widgets.bases import RangedWidget
from qtpy.QtGui import QValidator
from qtpy.QtWidgets import QDoubleSpinBox, QLineEdit, QWidget

# Enough decimals for every float64 from 0.01 on, so that the box never rounds what it holds.
DECIMALS = 20
# Commas are points, the Arabic one too; apostrophes only part thousands, as all spaces do.
SIGNS = str.maketrans({",": ".", "٫": ".", "'": None, "’": None})
THOUSANDS = re.compile(r"\d{1,3}(\.\d{3})+")


def read_number(text: str | None, whole: bool) -> float | None:
    """Read a number as it was typed; `None` where it is none, or might be two.

    A single point or comma is a decimal sign. In a whole number it can only part thousands.
    """
    plain = "".join((text or "").translate(SIGNS).split())
    if whole and THOUSANDS.fullmatch(plain):
        plain = plain.replace(".", "")
    try:
        return int(plain) if whole else float(plain)
    except ValueError:
        return None


def make_exact_box(minimum: float, maximum: float, **options: Any) -> RangedWidget[float]:
    """Make a number box that holds a float exactly and shows it as short as it can be."""
    return RangedWidget(
        widget_type=_ExactBackend, **{"value": minimum, "min": minimum, "max": maximum} | options
    )


def make_whole_box(minimum: int, maximum: int, **options: Any) -> RangedWidget[int]:
    """Make a number box for whole numbers."""
    return RangedWidget(
        widget_type=_WholeBackend, **{"value": minimum, "min": minimum, "max": maximum} | options
    )


class NumberBox(QDoubleSpinBox):
    """A number box that goes by no locale, and by no part of a text.

    A key that means nothing is shown, not swallowed: swallowing it makes another number of the
    others. Text that is no number gives way to the last one when the box is left.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDecimals(DECIMALS)
        self.setKeyboardTracking(False)

    def _read(self, text: str | None) -> float | None:
        number = read_number(text, whole=self.decimals() == 0)
        fits = number is not None and self.minimum() <= number <= self.maximum()
        return number if fits else None

    def value(self) -> float:
        """Give the number that is shown, also while it is typed: macOS leaves no box by a click."""
        return self.valueFromText(self.text())

    def validate(self, text: str | None, position: int) -> tuple[QValidator.State, str, int]:
        """Accept what reads as a number in range; anything else may be on its way to one."""
        return _judge(self._read(text) is not None), text or "", position

    def fixup(self, text: str | None) -> str:
        """Leave a text as it is; Qt would take the locale's thousands out of it."""
        return text or ""

    def valueFromText(self, text: str | None) -> float:  # noqa: N802
        """Read a text, if it is a number; else give the last."""
        number = self._read(text)
        return super().value() if number is None else number

    def textFromValue(self, value: float) -> str:  # noqa: N802
        """Write a value as the shortest text that reads back as the same float."""
        return np.format_float_positional(value, trim="-")


def _judge(is_number: bool) -> QValidator.State:
    return QValidator.State.Acceptable if is_number else QValidator.State.Intermediate


FloatSpinBoxBackend: Any = use_app().get_obj("FloatSpinBox")


class _ExactBackend(FloatSpinBoxBackend):
    """magicgui's number box with our box of Qt in it."""

    def __init__(self, **options: Any) -> None:
        super(FloatSpinBoxBackend, self).__init__(NumberBox, **options)
        self._qwidget.setStepType(NumberBox.StepType.AdaptiveDecimalStepType)


class _WholeBackend(FloatSpinBoxBackend):
    """The same for whole numbers."""

    def __init__(self, **options: Any) -> None:
        super(FloatSpinBoxBackend, self).__init__(NumberBox, **options)
        self._qwidget.setDecimals(0)

    def _post_get_hook(self, value: float) -> int:
        return int(value)

    def _mgui_bind_change_callback(self, callback: Any) -> None:
        self._qwidget.valueChanged.connect(lambda value: callback(int(value)))


class _WholeNumbers(QValidator):
    """Lets a line of a slider have digits alone; what else was typed gives way to its value."""

    def validate(self, text: str | None, position: int) -> tuple[QValidator.State, str, int]:
        """Accept digits."""
        return _judge((text or "").isdecimal()), text or "", position

    def fixup(self, text: str | None) -> str:  # noqa: ARG002
        """Give the number that the slider has."""
        line: Any = self.parent()
        return str(round(line.value()))


def guard_readouts(slider: QWidget) -> None:
    """Guard the numbers at a slider's handles, which check by the locale and read without it."""
    for line in slider.findChildren(QLineEdit):
        line.setValidator(_WholeNumbers(line))
