"""Whatever is done in whatever order: no painted pixel is lost, and undo leads back exactly.

What is promised, and modelled here beside the product:

- A painted pixel is one that differs from what the network gave it last, by brush or by tool,
  and it stays one through refinements. Of these a later run takes over what a hand has painted,
  whatever a tool made of it then, and not what tools alone have changed. One that holds the
  network's own label again is none: undo, which tells nobody, leads there too.
- A run, a stop and a refusal change no layer that was there before. A new run's layer has what
  was painted on the last earlier one of the same image.
- Refine changes pixels that are not painted, in one step of undo, or none.
- A tool that the user presses may change what was painted, since the user asks for it; with
  "Leave what I painted alone" it may not. It is one step of undo, or none.
- What is painted while a run or a refinement is at work stays. What is painted after a tool was
  pressed and before it has looked is as if painted before.
- What is saved is read back as it was, and what is painted lies in the journal as it is.

Each sequence has a seed. ``NAPARI_DYNASEG_SEQUENCES=100-200`` plays other seeds than a few.
"""

import os
import random
from dataclasses import dataclass

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels
from qtpy.QtCore import QThreadPool
from qtpy.QtWidgets import QMainWindow
from tests._napari.conftest import QUICK, TIMEOUT
from tests._napari.panel.correct.test_corrections import drag

from napari_dynaseg._napari.layers.label_files import read_layers, write_tiff, write_zarr
from napari_dynaseg._napari.layers.tools import TOOLS
from napari_dynaseg._napari.panel.correct.correction_rows import ALL, SELECTED
from napari_dynaseg._napari.panel.widget import SegmenterPanel
from napari_dynaseg.files.journal import read_journal

FIRST, LAST = map(int, os.environ.get("NAPARI_DYNASEG_SEQUENCES", "0-5").split("-"))
ACTIONS = 30
SHORT = QUICK.change(iterations=5, refine_iterations=2)
ENDLESS = SHORT.change(iterations=100_000, refine_iterations=100_000, quality="exact")
HEIGHT, WIDTH = 24, 32
MOST_LAYERS = 5

WRITERS = {".dynaseg.ome.tif": write_tiff, ".dynaseg.ome.zarr": write_zarr}
BUTTONS = [tool.name for tool in TOOLS if tool.on != "clicks"]


@dataclass
class State:
    """What a layer is at one step of its history.

    The network's labels count for the pixels that were not painted by then.
    """

    pixels: np.ndarray
    network: np.ndarray | None = None
    painted_then: np.ndarray | None = None
    by_tool: np.ndarray | None = None  # what tools made of pixels that no hand had painted, else -1

    @property
    def painted(self):
        return self.painted_then | (self.pixels != self.network)

    @property
    def by_hand(self):
        return self.painted & (self.pixels != self.by_tool)

    def change(self, pixels, is_tool=False):
        by_tool = self.by_tool
        if is_tool and self.network is not None:
            made = np.where(self.by_hand, -1, pixels)
            by_tool = np.where(pixels != self.pixels, made, by_tool)
        return State(pixels.copy(), self.network, self.painted_then, by_tool)


@dataclass
class Sheet:
    """A layer, and all states that undo and redo lead to."""

    layer: Labels
    states: list[State]
    at: int = 0
    is_run: bool = False
    is_journalled: bool = False

    def __str__(self):
        return self.layer.name

    @property
    def now(self):
        return self.states[self.at]

    def add_step(self, is_tool=False):
        """Note that the layer changed, as one step; a step that changes nothing is none."""
        if not np.array_equal(self.layer.data, self.now.pixels):
            changed = self.now.change(self.layer.data, is_tool)
            self.states = [*self.states[: self.at + 1], changed]
            self.at += 1
            self.is_journalled = True


class Session:
    """A user at the viewer, who does anything in any order."""

    def __init__(self, seed, qtbot, picture, folder):
        self.random, self.qtbot, self.folder = random.Random(seed), qtbot, folder
        self.viewer, self.window = ViewerModel(), QMainWindow()
        self.sheets, self.saved = [], 0
        self.viewer.add_image(picture, name="halves", scale=(2, 0.5))
        self.panel = SegmenterPanel(self.viewer)
        self.window.setCentralWidget(self.panel.native)
        self.panel.show_settings(SHORT)
        self.qtbot.waitUntil(lambda: self.panel.recovery.keeper is not None, timeout=TIMEOUT)

    def act(self):
        """Do one thing that can be done, and check all layers."""
        actions = [self.segment, self.stop_a_run] if len(self.sheets) < MOST_LAYERS else []
        if self.sheets:
            actions += [self.paint, self.stroke, self.fill, self.press_tool, self.merge]
            actions += [self.undo, self.redo, self.refine, self.stop_refining]
            actions += [self.save_and_open_again] if len(self.sheets) < MOST_LAYERS else []
        action = self.random.choice(actions)
        print(action.__name__, end=" ")
        action()
        print()
        for sheet in self.sheets:
            np.testing.assert_array_equal(sheet.layer.data, sheet.now.pixels)

    def close(self):
        self.panel.native.setParent(None)
        self.qtbot.waitUntil(lambda: self.panel.recovery.keeper is None, timeout=TIMEOUT)
        self.viewer.layers.clear()
        self.window.close()
        self.window.deleteLater()

    # -- how it is used ---------------------------------------------------------------------

    def settle(self):
        queue, pool = self.panel.corrections.queue, QThreadPool.globalInstance()
        self.qtbot.waitUntil(
            lambda: self.panel.run is None and queue.tasks.task is None, timeout=TIMEOUT
        )
        self.qtbot.waitUntil(lambda: pool.activeThreadCount() == 0, timeout=TIMEOUT)
        self.qtbot.wait(1)

    def draw(self, *options):
        """Draw one of some options, and print it."""
        option = self.random.choice(options)
        print(option, end=" ")
        return option

    def draw_label(self):
        return self.draw(*range(7), 50, 51, 52)

    def draw_block(self):
        """Draw a block of pixels: its corner and the one across."""
        top, left = self.draw(*range(HEIGHT)), self.draw(*range(WIDTH))
        return (top, left), (top + self.draw(*range(1, 10)), left + self.draw(*range(1, 10)))

    def pick(self):
        """Select one of the layers."""
        sheet = self.draw(*self.sheets)
        self.viewer.layers.selection.active = sheet.layer
        return sheet

    def check_journals(self):
        keeper = self.panel.recovery.keeper
        keeper.write_changed()
        keeper.wait()
        journalled = [read_journal(head.parent) for head in keeper.folder.glob("*/*/journal.json")]
        by_name = {state.name: pixels for pixels, state in journalled}
        for sheet in self.sheets:
            if sheet.is_journalled:
                np.testing.assert_array_equal(by_name[sheet.layer.name], sheet.layer.data)

    def paint_block(self, layer):
        """Paint a block; give where it has changed something."""
        (top, left), (bottom, right) = self.draw_block()
        label = self.draw_label()
        where = np.zeros((HEIGHT, WIDTH), bool)
        where[top:bottom, left:right] = True
        changed = where & (layer.data != label)
        layer.data_setitem(np.nonzero(where), label)
        return changed

    def add_run(self, run):
        """Note the layer of a run that has ended, with what it has to carry over."""
        network = run.update.labels.copy()
        no_tool = np.full(network.shape, -1)
        nothing = State(network, network, np.zeros(network.shape, bool), no_tool)
        carried = ([nothing] + [sheet.now for sheet in self.sheets if sheet.is_run])[-1]
        pixels = np.where(carried.by_hand, carried.pixels, network)
        state = State(pixels, network, carried.by_hand, no_tool)
        is_journalled = bool(carried.by_hand.any())
        sheet = Sheet(run.layer, [state], is_run=True, is_journalled=is_journalled)
        self.sheets.append(sheet)
        return sheet

    # -- runs -------------------------------------------------------------------------------

    def segment(self):
        self.panel.show_settings(SHORT.change(seed=self.draw(*range(4))))
        self.panel.segment_button.native.click()
        run = self.panel.run
        if self.sheets and self.draw(True, False):
            sheet = self.pick()
            self.paint_block(sheet.layer)
            sheet.add_step()
        self.settle()
        self.add_run(run)

    def stop_a_run(self):
        """Stop a run, and maybe paint on its layer as soon as that takes paint."""
        self.panel.show_settings(ENDLESS)
        self.panel.segment_button.native.click()
        run = self.panel.run
        self.qtbot.waitUntil(lambda: run.update is not None, timeout=TIMEOUT)
        self.panel.stop_button.native.click()
        self.panel.show_settings(SHORT)
        if self.draw(True, False):
            self.qtbot.waitUntil(lambda: run.layer.editable, timeout=TIMEOUT)
            sheet = self.add_run(run)
            self.paint_block(run.layer)
            sheet.add_step()
            self.settle()
        else:
            self.settle()
            self.add_run(run)

    def refine(self):
        """Refine, and maybe paint meanwhile."""
        sheet = self.pick()
        can_begin = sheet.is_run and sheet.now.painted.any()
        self.panel.refine_button.native.click()
        assert (self.panel.run is not None) == can_begin
        if self.draw(True, False):
            self.paint_block(sheet.layer)
            sheet.add_step()
        self.settle()
        # A network that has no channel left for a new label refuses, and changes nothing.
        if "Refined" in self.panel.display.status.text():
            painted, pixels = sheet.now.painted, sheet.layer.data.copy()
            np.testing.assert_array_equal(pixels[painted], sheet.now.pixels[painted])
            if not np.array_equal(pixels, sheet.now.pixels):
                sheet.add_step()
                sheet.states[sheet.at] = State(pixels, pixels, painted, sheet.now.by_tool)
            self.panel.display.status.setText("")

    def stop_refining(self):
        self.pick()
        self.panel.show_settings(ENDLESS)
        self.panel.refine_button.native.click()
        self.panel.stop_button.native.click()
        self.panel.show_settings(SHORT)
        self.settle()

    # -- by hand ----------------------------------------------------------------------------

    def paint(self):
        sheet = self.pick()
        self.paint_block(sheet.layer)
        sheet.add_step()

    def stroke(self):
        """Drag the brush: real callbacks of the mouse."""
        sheet = self.pick()
        layer = sheet.layer
        layer.selected_label, layer.brush_size = self.draw_label(), self.draw(*range(1, 7))
        layer.mode = "paint"
        drag(layer, *(tuple(layer.data_to_world(at)) for at in self.draw_block()))
        layer.mode = "pan_zoom"
        sheet.add_step()

    def fill(self):
        sheet = self.pick()
        sheet.layer.fill(self.draw_block()[0], self.draw_label())
        sheet.add_step()

    def prepare_tool(self, sheet):
        """Set the choices of the tools; give what they may not change."""
        rows = self.panel.corrections.rows
        rows.keep_paint.value, rows.on.value = self.draw(True, False), self.draw(ALL, SELECTED)
        rows.values["size"].value, sheet.layer.selected_label = 12, self.draw_label()
        kept = np.zeros((HEIGHT, WIDTH), bool)
        if rows.keep_paint.value:
            # Of labels from elsewhere it is not known what was painted.
            kept |= sheet.now.painted if sheet.is_run else True
        return kept

    def press_tool(self):
        """Press a tool, and maybe paint while it is worked out."""
        sheet = self.pick()
        kept = self.prepare_tool(sheet)
        self.panel.corrections.rows.buttons[self.draw(*BUTTONS)].native.click()
        if self.draw(True, False):
            painted = self.paint_block(sheet.layer)
            kept |= painted if self.panel.corrections.rows.keep_paint.value else False
            sheet.add_step()
        self.settle()
        self.panel.corrections.stop_clicks()
        np.testing.assert_array_equal(sheet.layer.data[kept], sheet.now.pixels[kept])
        sheet.add_step(is_tool=True)

    def merge(self):
        """Merge what a line crosses."""
        sheet = self.pick()
        kept = self.prepare_tool(sheet)
        self.panel.corrections.rows.buttons["merge"].native.click()
        if self.panel.corrections.clicking is not None:
            drag(sheet.layer, *(tuple(sheet.layer.data_to_world(at)) for at in self.draw_block()))
        self.settle()
        self.panel.corrections.stop_clicks()
        np.testing.assert_array_equal(sheet.layer.data[kept], sheet.now.pixels[kept])
        sheet.add_step(is_tool=True)

    def undo(self):
        sheet = self.pick()
        for _ in range(self.draw(1, 2, 3, 4)):
            sheet.layer.undo()
            sheet.at = max(sheet.at - 1, 0)
            np.testing.assert_array_equal(sheet.layer.data, sheet.now.pixels)

    def redo(self):
        sheet = self.pick()
        for _ in range(self.draw(1, 2, 3, 4)):
            sheet.layer.redo()
            sheet.at = min(sheet.at + 1, len(sheet.states) - 1)
            np.testing.assert_array_equal(sheet.layer.data, sheet.now.pixels)

    # -- files ------------------------------------------------------------------------------

    def save_and_open_again(self):
        sheet, ending = self.pick(), self.draw(*WRITERS)
        self.saved += 1
        path = str(self.folder / f"{self.saved}{ending}")
        WRITERS[ending](path, *sheet.layer.as_layer_data_tuple()[:2])
        sheet.is_journalled = False
        ((pixels, attributes, _),) = read_layers(path)
        np.testing.assert_array_equal(np.asarray(pixels), sheet.now.pixels)
        opened = self.viewer.add_labels(np.array(pixels), **attributes)
        np.testing.assert_array_equal(opened.extent.world, sheet.layer.extent.world)
        self.sheets.append(Sheet(opened, [State(np.array(pixels))]))


@pytest.mark.parametrize("seed", range(FIRST, LAST + 1))
def test_no_sequence_of_actions_loses_paint_or_a_step_of_undo(seed, qtbot, halves, tmp_path):
    session = Session(seed, qtbot, halves, tmp_path)
    try:
        for _ in range(ACTIONS):
            session.act()
        session.check_journals()
    finally:
        session.close()
