"""Explore μ: a window of small pictures, one for each scheme and μ, of which one is adopted."""

from collections.abc import Generator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from magicgui.widgets import PushButton
from psygnal import Signal
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QIcon, QImage, QPixmap
from qtpy.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_dynaseg._napari.layers.job import Job
from napari_dynaseg._napari.panel.curves import BLUE
from napari_dynaseg._napari.panel.preferences import find_default, read_preferences
from napari_dynaseg._napari.panel.run_inputs import RunInputs
from napari_dynaseg._napari.work.notifications import show_errors
from napari_dynaseg._napari.work.task import Task
from napari_dynaseg._napari.work.worker import describe_memory
from napari_dynaseg.counting import write_count
from napari_dynaseg.method.trials import FACTORS, Trial, iter_trials, list_choices
from napari_dynaseg.settings import SCHEMES, Settings

# The longer side of a picture on the screen.
PICTURE_SIDE = 150
# And as it is drawn, finer, so that the outlines do not hide what they enclose.
DRAWN_SIDE = 2 * PICTURE_SIDE


OFFER = (
    "See the plane on view, small, by each scheme with a handful of μ; a click on a picture takes "
    "over its scheme and μ"
)
SAME_FOR_ALL = "Regions are the same by every scheme and μ, but for their kinds: move the Detail"


class Print(NamedTuple):
    """A trial and its picture: uint8, (h, w, 3)."""

    trial: Trial
    picture: npt.NDArray[np.uint8]


class ExploreButton(PushButton):
    """The panel's button that opens a contact sheet of the plane on view.

    Parameters
    ----------
    inputs
        What Segment reads, and where the scheme and μ that were clicked are turned to.
    """

    def __init__(self, inputs: RunInputs) -> None:
        self._inputs = inputs
        self.sheet: ContactSheet | None = None
        super().__init__(text="Explore μ …")
        self.changed.connect(self.open)
        inputs.knobs.turned.connect(lambda: self.offer(self._is_idle))
        self.offer(True)

    def offer(self, is_idle: bool) -> None:
        """Be there where scheme and μ change what the user gets, while no run goes on."""
        self._is_idle = is_idle
        is_of_use = self._inputs.knobs.result.value == "clusters"
        self.enabled, self.tooltip = is_idle and is_of_use, OFFER if is_of_use else SAME_FOR_ALL

    @show_errors()
    def open(self) -> None:
        """Open a sheet of the plane on view; an earlier one closes."""
        job, choices = self._inputs.image.snapshot(), self._list_choices()
        self.close_sheet()
        sheet = self.sheet = ContactSheet(job, choices, self.native)
        sheet.chosen.connect(self._inputs.knobs.adopt)
        sheet.window.finished.connect(lambda: self.close_sheet())
        sheet.window.show()

    def close_sheet(self) -> None:
        """Close the sheet, if one is open; its worker ends after the iteration it is at."""
        sheet, self.sheet = self.sheet, None
        if sheet is not None:
            sheet.close()

    def _list_choices(self) -> tuple[Settings, ...]:
        preferences = read_preferences()
        defaults = {scheme: find_default("mu", scheme, preferences) for scheme in SCHEMES}
        return list_choices(self._inputs.knobs.settings, defaults)


class ContactSheet:
    """A window that fills with trials while a worker makes them; lives on the main thread.

    Parameters
    ----------
    job
        The plane.
    choices
        What to try, as many for each scheme as there are `FACTORS`.
    parent
        Whose window this one stays above.
    """

    chosen = Signal(str, float)  # the scheme and μ that were clicked

    def __init__(self, job: Job, choices: tuple[Settings, ...], parent: QWidget) -> None:
        self.cells = [_Cell(settings) for settings in choices]
        self.window = QDialog(parent)
        self.window.setWindowTitle(f"Explore μ: {job.stack.name}")
        self.status = QLabel()
        self.stop_button = QPushButton("Stop")
        self._lay_out()
        for cell in self.cells:
            cell.clicked.connect(partial(self._choose, cell.settings))
        self.stop_button.clicked.connect(
            lambda: self._task.stop()
        )  # the thread follows within an iteration
        self._task = Task(
            print_trials(job, choices),
            describe_memory(job),
            on_news=self._show,
            on_end=self._show_state,
        )
        self._show_state()
        self._task.start()

    def _lay_out(self) -> None:
        rows, grid, foot = QVBoxLayout(self.window), QGridLayout(), QHBoxLayout()
        for index, cell in enumerate(self.cells):
            row, column = divmod(index, len(FACTORS))
            if column == 0:
                title = QLabel(_describe_scheme(cell.settings))
                grid.addWidget(title, 2 * row, 0, 1, len(FACTORS))
            grid.addWidget(cell, 2 * row + 1, column)
        foot.addWidget(self.status, 1)
        foot.addWidget(self.stop_button)
        rows.addLayout(grid)
        rows.addLayout(foot)

    def close(self) -> None:
        """End, and let the window go."""
        self._task.leave()
        self.window.hide()
        self.window.deleteLater()

    def _show(self, found: Print | None) -> None:
        if found is None:
            return
        next(cell for cell in self.cells if not cell.is_filled).show_print(found)
        self._show_state()

    def _choose(self, settings: Settings) -> None:
        for cell in self.cells:
            cell.setChecked(cell.settings == settings)
        self.chosen.emit(settings.scheme, settings.mu)

    def _show_state(self) -> None:
        done = sum(cell.is_filled for cell in self.cells)
        words = "Click a picture to take over its scheme and μ."
        self.status.setText(f"{done} of {len(self.cells)}. {words if done else ''}")
        self.stop_button.setEnabled(not self._task.is_over)


class _Cell(QToolButton):
    """The place of one picture, with what it is of below it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings, self.is_filled = settings, False
        self.setCheckable(True)
        self.setEnabled(False)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(QSize(PICTURE_SIDE, PICTURE_SIDE))
        self.setFixedSize(PICTURE_SIDE + 16, PICTURE_SIDE + 50)
        self.setStyleSheet(
            "QToolButton { border: 3px solid transparent; }"
            "QToolButton:hover, QToolButton:focus { border-color: gray; }"
            f"QToolButton:checked {{ border-color: {BLUE}; }}"
        )
        self.setText(f"μ = {settings.mu:g}\n…")

    def show_print(self, found: Print) -> None:
        """Show a trial, and offer it."""
        trial, self.is_filled = found.trial, True
        self.setIcon(QIcon(_to_pixmap(found.picture)))
        found_labels = write_count(trial.count, "label")
        self.setText(f"μ = {trial.settings.mu:g}\n{found_labels} · {trial.seconds:.1f} s")
        self.setEnabled(True)


def _describe_scheme(settings: Settings) -> str:
    facts = SCHEMES[settings.scheme]
    return f"{facts.title}, {facts.formula}: {facts.effect}"


def _to_pixmap(picture: npt.NDArray[np.uint8]) -> QPixmap:
    height, width, _ = picture.shape
    pixels = picture.tobytes()  # a name of its own: QImage does not keep them alive
    image = QImage(pixels, width, height, 3 * width, QImage.Format.Format_RGB888)
    return QPixmap.fromImage(image).scaled(
        PICTURE_SIDE,
        PICTURE_SIDE,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )


def print_trials(job: Job, choices: tuple[Settings, ...]) -> Generator[Print | None, None, None]:
    """Try settings on a job's plane, as work for a task.

    Yields
    ------
    Print or None
        A trial when it has ended; `None` after every iteration.
    """
    from napari_dynaseg.files.plain_labels import draw_preview

    plane = job.read_plane()
    if job.within:
        plane = job.within.crop(plane)
    height, width = plane.shape[1:]
    background = _fit_picture(plane, (height, width))
    for trial in iter_trials(plane, choices):
        if trial is None:
            yield None
        else:
            labels = _fit_picture(trial.labels, (height, width))
            yield Print(trial, draw_preview(background, labels))


def _fit_picture(pixels: npt.NDArray[Any], plane_shape: tuple[int, int]) -> npt.NDArray[Any]:
    """Repeat or leave out pixels, (…, h, w), to the size at which the plane is drawn."""
    shown = [max(2, round(size * DRAWN_SIDE / max(plane_shape))) for size in plane_shape]
    rows, columns = (
        np.arange(wanted) * size // wanted
        for wanted, size in zip(shown, pixels.shape[-2:], strict=True)
    )
    fitted: npt.NDArray[Any] = pixels[..., rows[:, np.newaxis], columns]
    return fitted
