"""The line that explains the axes: every part opens a menu, by mouse and by keyboard."""

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication

from napari_dynaseg._napari.panel.inputs.axes_line import AxesLine
from napari_dynaseg.image.axes import parse_axes, read_axes

pytestmark = pytest.mark.short_pass
FIVE = read_axes((20, 30, 3, 64, 48), ("t", "z", "c", "y", "x"), (3, 4))


@pytest.fixture
def line(qtbot):
    """Give a line on the screen that shows five axes."""
    line = AxesLine()
    qtbot.addWidget(line)
    line.show_axes(FIVE)
    line.resize(500, 40)
    with qtbot.waitExposed(line):
        line.show()
    return line


def open_menu(line, target):
    """Open the menu of a part; give what it offers, and what is ticked and grey there."""
    line.linkActivated.emit(target)
    actions = line.menu.actions()
    texts = [action.text() for action in actions]
    ticked = [action.text() for action in actions if action.isChecked()]
    grey = [action.text() for action in actions if not action.isEnabled()]
    return texts, ticked, grey


def choose(line, text):
    next(action for action in line.menu.actions() if action.text() == text).trigger()


def hear(signal):
    heard = []
    signal.connect(heard.append)
    return heard


def test_each_part_is_a_link(line):
    assert line.sentence == "T=20 · Z=30 · C=3 used as channels · Y×X segmented"
    for target in ("0", "1", "2", "plane"):
        assert f'href="{target}"' in line.text()
    assert "Click a part" in line.toolTip()


def test_a_click_on_a_part_opens_its_menu_and_a_choice_there_is_told(line, qtbot):
    heard = hear(line.channel_chosen)
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton, pos=QPoint(6, line.height() // 2))
    qtbot.waitUntil(line.menu.isVisible)
    assert QApplication.activePopupWidget() is line.menu
    first = line.menu.actionGeometry(line.menu.actions()[0]).center()
    qtbot.mouseClick(line.menu, Qt.MouseButton.LeftButton, pos=first)
    assert heard == [0]
    assert not line.menu.isVisible()


def test_tab_and_enter_open_the_menus(line, qtbot):
    heard = hear(line.channel_chosen)
    line.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(line, Qt.Key.Key_Tab)
    qtbot.keyClick(line, Qt.Key.Key_Tab)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(line.menu.isVisible)
    qtbot.keyClick(line.menu, Qt.Key.Key_Down)
    qtbot.keyClick(line.menu, Qt.Key.Key_Return)
    assert heard == [1]


@pytest.mark.parametrize(
    ("target", "ticked"),
    [("0", "Step through, plane by plane"), ("2", "Use as channels")],
)
def test_an_axis_is_used_as_channels_or_stepped_through(line, target, ticked):
    texts, now, grey = open_menu(line, target)
    assert texts == ["Use as channels", "Step through, plane by plane"]
    assert now == [ticked]
    assert grey == []


@pytest.mark.parametrize(
    ("target", "choice", "channel"),
    [
        ("0", "Use as channels", 0),
        ("2", "Step through, plane by plane", None),
        ("2", "Use as channels", 2),
        ("0", "Step through, plane by plane", 2),
    ],
)
def test_the_choice_for_an_axis_says_which_holds_the_channels_then(line, target, choice, channel):
    heard = hear(line.channel_chosen)
    open_menu(line, target)
    choose(line, choice)
    assert heard == [channel]


def test_any_pair_of_axes_may_be_the_plane(line):
    heard = hear(line.plane_chosen)
    texts, ticked, grey = open_menu(line, "plane")
    assert texts[:3] == ["Segment Y×X", "Segment C×X", "Segment Z×X"]
    assert len(texts) == 10
    assert (ticked, grey) == (["Segment Y×X"], [])
    choose(line, "Segment Z×X")
    assert heard == [(1, 4)]


def test_the_colours_of_rgb_have_nothing_to_change(line):
    line.show_axes(parse_axes("TYXS", (5, 64, 48, 3)))
    assert line.sentence == "T=5 · RGB used as channels · Y×X segmented"
    assert open_menu(line, "colours")[:2] == (["Use the colours as channels"],) * 2
    assert open_menu(line, "0")[2] == ["Use as channels"]


def test_layers_used_as_channels_are_named_and_asked_for(line):
    asked = []
    line.layers_asked.connect(lambda: asked.append(True))
    line.show_axes(parse_axes("ZYX", (60, 64, 48)), ["nuclei", "a<b & c"])
    assert line.sentence == "Z=60 · nuclei, a<b & c used as channels · Y×X segmented"
    assert "a&lt;b" in line.text()
    assert open_menu(line, "0")[2] == ["Use as channels"]
    line.linkActivated.emit("layers")
    assert asked == [True]


def test_what_stands_in_the_way_is_told_below_the_parts(line):
    line.show_axes(FIVE, problem="'a' & 'b' do not agree")
    assert line.text().endswith("<br>'a' &amp; 'b' do not agree")
    assert line.sentence == FIVE.sentence


def test_without_axes_there_is_a_sentence_and_no_link(line):
    line.show_sentence("Open an image to segment it.")
    assert line.text() == "Open an image to segment it."
    assert (line.sentence, line.toolTip()) == ("", "")


def test_the_links_have_the_colour_of_the_theme(line, qtbot):
    line.setStyleSheet("color: rgb(1, 2, 3)")
    qtbot.waitUntil(lambda: "#010203" in line.text())


def test_a_narrow_line_wraps_between_its_parts(line, qtbot):
    wide = line.heightForWidth(500)
    assert line.heightForWidth(200) >= 2 * wide - 2
    assert "C=3\N{NO-BREAK SPACE}used\N{NO-BREAK SPACE}as\N{NO-BREAK SPACE}channels" in line.text()
