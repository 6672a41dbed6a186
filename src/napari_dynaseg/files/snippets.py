"""A run as others can do it again: a line for the command line, or some lines of Python."""

import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from napari_dynaseg.errors import FileError, SegmentationError
from napari_dynaseg.files.annotation_files import AnnotationFile
from napari_dynaseg.files.label_tiff import LAYER_TIFF_ENDING
from napari_dynaseg.files.ome_labels import LAYER_ZARR_ENDING, ZARR_ENDING
from napari_dynaseg.image.axes import Position
from napari_dynaseg.image.reader import open_image
from napari_dynaseg.image.remote import is_address
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.labels.run_length import encode
from napari_dynaseg.settings import Settings

# Axes that need not be told.
PLAIN_AXES = ("YX", "YXS")

OF_ONE_PLANE = """\
plane = stack.read_channels({position})  # (C, H, W)
labels = segment({arguments})
"""
OF_A_STACK = """\
plan = plan_stack({arguments})
run = StackRun.begin(plan)
if not run.is_trained:
    for step in run.train():
        print(step.iteration, step.labels_in_use)
for position in run.segment():
    print(position)
labels = run.store.array
"""


class Annotation(NamedTuple):
    """Labels of some pixels of the plane, (H, W), 0 elsewhere, and the file that has them."""

    labels: LabelMap
    path: str | None = None

    def find_file(self, name: str) -> str:
        """Give the file.

        Raises
        ------
        FileError
            If there is none, or it reads otherwise than the labels here.
        """
        with suppress(SegmentationError):
            if self.path and np.array_equal(
                AnnotationFile(Path(self.path)).read(self.labels.shape), self.labels
            ):
                return self.path
        raise FileError(
            f"no file holds the {name} on this plane; save the layer alone as a TIFF or PNG of the "
            "plane's shape, and open that"
        )


@dataclass(frozen=True, eq=False)
class RunChoice:
    """What is segmented, and how.

    Parameters
    ----------
    stack
        The image.
    position
        The plane that is trained on.
    settings
        The knobs.
    positions
        The planes of a stack that are labelled, which make a box; `None` for the one alone.
    output
        Where the labels go, if that was said.
    arrays
        For each array of the image, Python that gives it; for an image that lies in no file.
    annotations
        The ``scribbles`` on the plane, and another segmentation as its ``guidance``.
    """

    stack: StackImage
    position: Position
    settings: Settings
    positions: tuple[Position, ...] | None = None
    output: Path | None = None
    arrays: tuple[str, ...] = ()
    annotations: Mapping[str, Annotation] = field(default_factory=dict)

    @property
    def letters(self) -> str:
        """The axes, one letter each."""
        return self.stack.axes.letters

    @property
    def knobs(self) -> dict[str, str | int | float]:
        """The settings that differ from the defaults."""
        usual, knobs = Settings(), self.settings.model_dump()
        # Which others follow where they are not given.
        leading = {name: knobs[name] for name in ("scheme", "quality", "result")}
        defaults = {
            **usual.change(**leading).model_dump(),
            **{name: getattr(usual, name) for name in leading},
        }
        return {name: value for name, value in knobs.items() if value != defaults[name]}

    @property
    def plane(self) -> str:
        """The plane that is trained on, such as ``T=3,Z=10``."""
        axes = self.stack.axes.stack
        return ",".join(f"{self.letters[axis]}={self.position[axis]}" for axis in axes)

    @property
    def planes(self) -> str:
        """The planes that are labelled, such as ``T=0:20``; empty for all of them."""
        axes = self.stack.axes
        positions = self.positions or (self.position,)
        ends = [(axis, positions[0][axis] or 0, positions[-1][axis] or 0) for axis in axes.stack]
        return ",".join(
            f"{self.letters[axis]}={first}:{last + 1}"
            for axis, first, last in ends
            if last + 1 - first < axes.sizes[axis]
        )

    @property
    def is_stack(self) -> bool:
        """Whether the image has more than one plane."""
        return max(self.stack.axes.stack_sizes, default=1) > 1

    def find_output(self, ending: str) -> Path:
        """Give the place of the labels: the one that was said, or one of the image's name."""
        stem = Path(self.stack.path or self.stack.name).name.split(".")[0]
        return self.output or Path(f"{stem}_labels{ending}")

    def find_file(self) -> str:
        """Give the file of the image.

        Raises
        ------
        FileError
            If it lies in none, or the file reads otherwise than the image here.
        """
        path, name = self.stack.path, self.stack.name
        if path is None:
            raise FileError(f"{name} lies in no file; save it, and open it from there")
        # An address is taken at its word: to ask it would keep the user waiting.
        if not is_address(path) and not self._agrees_with(path):
            raise FileError(f"{name} is not the image that {path} holds; save it, and open that")
        return path

    def _agrees_with(self, path: str) -> bool:
        try:
            there = open_image(path, self.letters, self.stack.level)
            same = there.axes.sizes == self.stack.axes.sizes
            return same and np.array_equal(
                there.read_channels(self.position), self.stack.read_channels(self.position)
            )
        except SegmentationError:
            return False


def write_command(choice: RunChoice) -> str:
    """Write the command that makes the same labels of an image in a file.

    Of one plane of a stack, too, the labels go into an OME-Zarr of the whole stack.

    Raises
    ------
    FileError
        If the image, the scribbles or the guidance lie in no file, or the file reads otherwise.
    """
    path = choice.find_file()
    is_file = not is_address(path) and Path(path).suffix != ZARR_ENDING
    is_single = is_file and not choice.is_stack
    output = choice.find_output(LAYER_TIFF_ENDING if is_single else LAYER_ZARR_ENDING)
    options: dict[str, object] = {}
    if choice.letters not in PLAIN_AXES:
        options["axes"] = choice.letters
    if choice.stack.level:
        options["level"] = choice.stack.level
    if choice.is_stack:
        options |= {"plane": choice.plane} | ({"range": choice.planes} if choice.planes else {})
    options |= {name: each.find_file(name) for name, each in choice.annotations.items()}
    options |= choice.knobs
    words = [
        word for name, value in options.items() for word in (f"--{_hyphenate(name)}", str(value))
    ]
    return shlex.join(["napari-dynaseg", "segment", path, "-o", str(output), *words])


def write_python(choice: RunChoice) -> str:
    """Write Python that makes the same labels, of the image's file or of the viewer's layers.

    Raises
    ------
    FileError
        If the image lies in no file, and it is not said what else gives it.
    """
    try:
        image = _open_file(choice)
    except FileError:
        if not choice.arrays:
            raise
        image = _take_arrays(choice)
    drawn = _write_annotations(choice.annotations)
    if choice.positions is None:
        named = [f"{name}={name}" for name in choice.annotations]
        arguments = ", ".join(["plane, channel_axis=0", *named, *_write_named(choice.knobs)])
        run = OF_ONE_PLANE.format(position=choice.position, arguments=arguments)
        return f"from napari_dynaseg import segment\n{image}{drawn}{run}"
    output = choice.find_output(LAYER_ZARR_ENDING)
    settings = f"Settings({_write_call(**choice.knobs)})"
    planes = {"planes": choice.planes} if choice.planes else {}
    arguments = _write_call(
        "stack", f"Path({str(output)!r})", settings, plane=choice.plane, **planes
    )
    of_plan = {"scribbles": "scribbled", "guidance": "guidance"}
    arguments += "".join(f", {of_plan[name]}={name}" for name in choice.annotations)
    return (
        "from pathlib import Path\n\nfrom napari_dynaseg import Settings\n"
        f"from napari_dynaseg.stacks.plan import StackRun, plan_stack\n{image}{drawn}"
        f"{OF_A_STACK.format(arguments=arguments)}"
    )


def _open_file(choice: RunChoice) -> str:
    axes = [] if choice.letters in PLAIN_AXES else [repr(choice.letters)]
    level = {"level": choice.stack.level} if choice.stack.level else {}
    arguments = _write_call(repr(choice.find_file()), *axes, **level)
    importing = "from napari_dynaseg.image.reader import open_image"
    return f"{importing}\n\nstack = open_image({arguments})\n"


def _take_arrays(choice: RunChoice) -> str:
    return (
        "from napari_dynaseg.image.axes import parse_axes\n"
        "from napari_dynaseg.image.stack_image import StackImage\n\n"
        f"arrays = ({', '.join(choice.arrays)},)\n"
        f"axes = parse_axes({choice.letters!r}, arrays[0].shape)\n"
        f"stack = StackImage(arrays, axes, {choice.stack.name!r})\n"
    )


def _write_annotations(annotations: Mapping[str, Annotation]) -> str:
    """Write annotations as text, exactly: the labels of a layer that nothing else holds."""
    lines = ["from napari_dynaseg.labels.run_length import Runs, decode\n"]
    for name, (labels, _) in annotations.items():
        (encoded,) = encode(labels)
        lines += [
            f"runs = {encoded.runs!r}",
            f"encoded = [Runs(pixels={encoded.pixels}, runs=runs)]",
            f"{name} = decode(encoded, {labels.shape})",
        ]
    return "\n".join([*lines, ""]) if annotations else ""


def _write_call(*positional: str, **named: object) -> str:
    return ", ".join([*positional, *_write_named(named)])


def _write_named(named: Mapping[str, object]) -> list[str]:
    return [f"{name}={value!r}" for name, value in named.items()]


def _hyphenate(name: str) -> str:
    return name.replace("_", "-")
