"""A fold shows all of its widget where there is room, and follows it."""

import pytest
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_dynaseg._napari.panel.parts.collapsible import Collapsible


@pytest.mark.short_pass
def test_a_fold_is_as_tall_as_its_widget_also_when_that_grows(qtbot):
    window, inner = QWidget(), QWidget()
    rows = QVBoxLayout(inner)
    for at in range(40):
        rows.addWidget(QLabel(f"row {at}"))
    fold = Collapsible("Rows", "Many rows", inner)
    layout = QVBoxLayout(window)
    layout.addWidget(fold)
    layout.addStretch(1)
    qtbot.addWidget(window)
    window.resize(300, 2000)
    window.show()
    fold.expand(animate=False)
    qtbot.waitUntil(lambda: fold.height() > inner.sizeHint().height())
    before = fold.height()
    for at in range(10):
        rows.addWidget(QLabel(f"more {at}"))
    qtbot.waitUntil(lambda: fold.height() > before)
    fold.collapse(animate=False)
    qtbot.waitUntil(lambda: fold.height() < 100)


def test_a_low_window_scrolls(qtbot):
    inner = QWidget()
    rows = QVBoxLayout(inner)
    for at in range(40):
        rows.addWidget(QLabel(f"row {at}"))
    fold = Collapsible("Rows", "Many rows", inner)
    qtbot.addWidget(fold)
    fold.expand(animate=False)
    assert fold.minimumSizeHint().height() < inner.sizeHint().height() / 2
