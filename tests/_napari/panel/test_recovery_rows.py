"""What a crash left is offered in the panel: restored as it was, or thrown away."""

import numpy as np
import pandas as pd
import pytest
from napari.utils.colormaps import DirectLabelColormap
from napari.utils.notifications import notification_manager
from tests._napari.conftest import TIMEOUT, open_panel
from tests._napari.panel.test_widget import wait_for_threads
from tests._napari.work.test_recovery import MAP, find_recovery, list_journals

from napari_dynaseg._napari.layers.layer_state import describe_layer
from napari_dynaseg._napari.work.recovery import find_folder
from napari_dynaseg.files.journal import HEAD, Journal
from napari_dynaseg.files.label_state import LayerState

# No process has this number: it is beyond what Linux, macOS and Windows give.
DEAD = 999_999_999


def leave_journal(number=0, pixels=MAP, state=None):
    """Leave a journal as a viewer does that was killed."""
    from napari_dynaseg.files.journal_folder import Owner, find_owner

    owner = Owner(DEAD, 1, find_owner().machine)
    journal = Journal(find_folder() / owner.folder_name / f"{number:032x}")
    journal.write(pixels, state or LayerState(name=f"cells {number}"))
    return journal.folder


@pytest.fixture
def offer(viewer, qtbot):
    """Give a function that opens a panel and gives its rows of what was left."""

    def open_and_look():
        panel = open_panel(viewer)
        find_recovery(panel, qtbot)
        return panel.recovery

    return open_and_look


@pytest.fixture
def restore(qtbot):
    """Give a function that presses Restore and waits."""

    def press_and_wait(rows, row):
        row.restore_button.native.click()
        qtbot.waitUntil(lambda: row not in rows or row.enabled, timeout=TIMEOUT)
        wait_for_threads(qtbot)
        rows.keeper.wait()

    return press_and_wait


def test_where_nothing_was_left_nothing_is_offered(offer):
    rows = offer()
    assert len(rows) == 0
    assert rows.native.isHidden()


@pytest.mark.short_pass
def test_restore_adds_the_layer_as_it_was_and_keeps_it_safe(viewer, offer, restore):
    layer = viewer.add_labels(
        MAP.astype(np.uint8),
        name="cells",
        scale=(2, 0.5),
        translate=(3, 4),
        units=("um", "um"),
        axis_labels=("y", "x"),
        features={"index": [1], "class": ["nucleus"]},
        colormap=DirectLabelColormap(color_dict={1: "red", None: "blue"}),
        metadata={"dynaseg_locked": [2]},
    )
    folder = leave_journal(0, layer.data, describe_layer(layer.as_layer_data_tuple()[1]))
    rows = offer()
    assert not rows.native.isHidden()
    assert "'cells'" in rows[0].line.text()
    restore(rows, rows[0])
    back = viewer.layers[-1]
    assert back is not layer
    assert back.name == "cells [1]"
    np.testing.assert_array_equal(back.data, layer.data, strict=True)
    np.testing.assert_array_equal(back.extent.world, layer.extent.world)
    assert (back.units, back.axis_labels, back.metadata) == (
        layer.units,
        layer.axis_labels,
        layer.metadata,
    )
    pd.testing.assert_frame_equal(back.features, layer.features)
    np.testing.assert_array_equal(back.get_color(1), layer.get_color(1))
    assert rows.native.isHidden()
    assert not folder.exists()
    (journal,) = list_journals()  # the layer has one of its own now
    assert str(DEAD) not in str(journal)


def test_discard_throws_away_that_one_alone(offer):
    folders = [leave_journal(number) for number in range(2)]
    rows = offer()
    by_name = {row.left.name: row for row in rows}
    by_name["cells 0"].discard_button.native.click()
    assert [folder.exists() for folder in folders] == [False, True]
    assert [row.left.name for row in rows] == ["cells 1"]
    rows[0].discard_button.native.click()
    assert list(find_folder().iterdir()) == []
    assert rows.native.isHidden()


def test_of_many_a_few_are_offered_at_a_time(offer):
    for number in range(5):
        leave_journal(number)
    rows = offer()
    for shown in (3, 3, 3, 2, 1):
        assert len(rows) == shown
        rows[0].discard_button.native.click()
    assert len(rows) == 0


def test_what_cannot_be_read_breaks_nothing_and_can_only_be_discarded(offer):
    folder = leave_journal()
    (folder / HEAD).write_text("{")
    rows = offer()
    assert "cannot be restored" in rows[0].line.text()
    assert str(folder) in rows[0].line.toolTip()
    assert "Invalid JSON" in rows[0].line.toolTip()
    assert [button.text for button in rows[0][0]] == ["Discard"]
    assert folder.exists()
    rows[0].discard_button.native.click()
    assert not folder.exists()


@pytest.mark.parametrize("state", [None, LayerState(name="cells 0", scale=(1, 2, 3))])
def test_what_turns_out_broken_is_told_and_stays(viewer, offer, restore, state):
    folder = leave_journal(state=state)
    if state is None:
        (folder / "0-1").unlink()
    rows = offer()
    restore(rows, rows[0])
    assert len(viewer.layers) == 0
    assert "0-1 cannot" in notification_manager.records[-1].message or (
        "cells 0" in notification_manager.records[-1].message
    )
    assert folder.exists()
    assert rows[0].enabled


def test_what_cannot_be_discarded_is_told_and_stays_offered(offer):
    folder = leave_journal()
    rows = offer()
    (folder / "folder").mkdir()
    rows[0].discard_button.native.click()
    assert "cannot be removed" in notification_manager.records[-1].message
    assert len(rows) == 1


def test_a_panel_that_is_closed_while_it_restores_leaves_the_journal(viewer, offer, qtbot):
    folder = leave_journal()
    rows = offer()
    rows.restore(rows[0])
    rows.forget_viewer()
    wait_for_threads(qtbot)
    assert len(viewer.layers) == 0
    assert folder.exists()
