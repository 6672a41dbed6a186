"""Many files, one plane each: which output belongs to which image, and making it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_dynaseg.errors import FileError
from napari_dynaseg.files import (
    TIFF_ENDINGS,
    list_images,
    read_image,
    write_labels,
    write_preview,
)
from napari_dynaseg.fit import Step, iter_fit
from napari_dynaseg.labels import number_by_size
from napari_dynaseg.pixels import to_plane
from napari_dynaseg.recipe import Recipe, Source
from napari_dynaseg.settings import Settings


@dataclass(frozen=True)
class FilePlan:
    """One image and where its label map and its picture go."""

    image: Path
    labels: Path
    preview: Path | None

    def find_existing(self) -> Path | None:
        """Find an output that is there already."""
        outputs = (self.labels, self.preview)
        return next((path for path in outputs if path and path.exists()), None)


def plan_outputs(paths: Iterable[Path], output: Path, preview: Path | None) -> list[FilePlan]:
    """Settle where the label map and the picture of each image go, before any work.

    Parameters
    ----------
    paths
        Images, and folders that stand for the images in them.
    output
        A ``.tif`` for a single image, else a folder that takes ``NAME_labels.tif`` of each.
    preview
        A ``.png`` for a single image, else a folder that takes ``NAME_preview.png`` of each.

    Raises
    ------
    FileError
        If a path is no image, or two images would share an output.
    """
    images = list_images(paths)
    _refuse_twins(images)
    alone = len(images) == 1
    plans = [
        FilePlan(
            image,
            _place(output, f"{image.stem}_labels.tif", TIFF_ENDINGS, alone),
            preview and _place(preview, f"{image.stem}_preview.png", (".png", ".jpg"), alone),
        )
        for image in images
    ]
    _refuse_overwritten_images(plans)
    return plans


def _refuse_twins(images: list[Path]) -> None:
    seen: dict[str, Path] = {}
    for image in images:
        if twin := seen.get(image.stem):
            raise FileError(f"{twin} and {image} would share one output; rename one of them")
        seen[image.stem] = image


def _refuse_overwritten_images(plans: list[FilePlan]) -> None:
    images = {plan.image.resolve() for plan in plans}
    for plan in plans:
        for output in (plan.labels, plan.preview):
            if output and output.resolve() in images:
                raise FileError(f"{output} is an image to segment; choose another output")


def _place(goal: Path, name: str, endings: tuple[str, ...], alone: bool) -> Path:
    """Read a goal as a file if its ending says so, else as a folder."""
    if not goal.suffix or goal.is_dir():
        return goal / name
    if goal.suffix.lower() not in endings:
        raise FileError(f"{goal} must be a folder or end in {' or '.join(endings)}")
    if not alone:
        raise FileError(f"{goal} is one file, but there are several images; name a folder")
    return goal


def segment_file(plan: FilePlan, settings: Settings) -> Iterator[Step]:
    """Segment one image file and write its outputs, yielding each iteration.

    Parameters
    ----------
    plan
        The image and its outputs.
    settings
        The knobs of the run.

    Raises
    ------
    SegmentationError
        If the image cannot be read or segmented, or an output cannot be written.
    """
    image = read_image(plan.image)
    plane = to_plane(image.pixels, image.channel_axis)
    for step in iter_fit(plane, settings):
        yield step
    source = Source.of(plane, plan.image.name, path=str(plan.image))
    recipe = Recipe.now(settings, step.iteration, source, numbering="size")
    labels = number_by_size(step.labels)
    write_labels(plan.labels, labels, recipe)
    if plan.preview:
        write_preview(plan.preview, plane, labels)
