"""Many files, one plane each: which output belongs to which image, and making it."""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from napari_dynaseg.errors import FileError, name_in_errors
from napari_dynaseg.files.annotation_files import AnnotationFile
from napari_dynaseg.files.formats import write_label_map
from napari_dynaseg.files.plain_labels import write_preview
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.image.reader import TIFF_ENDINGS, list_images, open_plane, read_plane
from napari_dynaseg.image.remote import is_address
from napari_dynaseg.image.stack_image import StackImage
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.method.region_of_interest import RegionOfInterest
from napari_dynaseg.method.run import run
from napari_dynaseg.method.step import Labelled, Step
from napari_dynaseg.recipes.method_record import MethodRecord
from napari_dynaseg.recipes.recipe import Recipe
from napari_dynaseg.recipes.trained_network import TrainedNetwork, check_ending
from napari_dynaseg.recipes.training_planes import TrainingPlanes
from napari_dynaseg.settings import Settings

STACK_HINT = "; give an output that ends in .ome.zarr to segment a whole stack"


@dataclass(frozen=True)
class FilePlan:
    """One image, how it is read, and where its label map and its picture go.

    Parameters
    ----------
    image, labels, preview
        The files.
    axes, level
        As for `napari_dynaseg.image.reader.open_image`, where the file is not to say.
    network
        Where the trained network is kept, if it is.
    within
        An image whose pixels above 0 limit the run.
    """

    image: Path
    labels: Path
    preview: Path | None
    axes: str | None = None
    level: int | None = None
    network: Path | None = None
    within: Path | None = None

    def open(self) -> StackImage:
        """Open the image.

        Raises
        ------
        FileError
            If the file cannot be read, or has no such level.
        ImageError
            If it is no plane, or the axes do not fit.
        """
        return open_plane(self.image, self.axes, self.level, STACK_HINT)

    def find_existing(self) -> Path | None:
        """Find an output that is there already."""
        outputs = (self.labels, self.preview, self.network)
        return next((path for path in outputs if path and path.exists()), None)


def plan_outputs(
    paths: Iterable[str | Path], output: Path, preview: Path | None, **more: Any
) -> list[FilePlan]:
    """Settle where the label map and the picture of each image go, before any work.

    Parameters
    ----------
    paths
        Images, and folders that stand for the images in them.
    output
        A ``.tif`` for a single image, else a folder that takes ``NAME_labels.tif`` of each.
    preview
        A ``.png`` for a single image, else a folder that takes ``NAME_preview.png`` of each.
    **more
        Further fields of `FilePlan`.

    Raises
    ------
    FileError
        If a path is no image, or two images would share an output.
    """
    images = list_images(map(_refuse_stack, paths))
    _refuse_twins(images)
    alone = len(images) == 1
    if network := more.get("network"):
        check_ending(network)
        if not alone:
            raise FileError(f"{network} keeps one network, but there are {len(images)} images")
    plans = [
        FilePlan(
            image,
            _place(output, f"{image.stem}_labels.tif", TIFF_ENDINGS, alone),
            preview and _place(preview, f"{image.stem}_preview.png", (".png", ".jpg"), alone),
            **more,
        )
        for image in images
    ]
    _refuse_overwritten_images(plans)
    return plans


def _refuse_stack(path: str | Path) -> Path:
    """Refuse an address and a Zarr by name, before a path is made of it."""
    if is_address(str(path)) or Path(path).suffix == ".zarr":
        raise FileError(f"{path} is no file of one plane{STACK_HINT}")
    return Path(path)


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


def segment_file(
    plan: FilePlan,
    settings: Settings,
    annotations: Mapping[str, AnnotationFile] = MappingProxyType({}),
) -> Generator[Step, Settings | None, LabelMap]:
    """Segment one image file and write its outputs, yielding each iteration.

    Parameters
    ----------
    plan
        The image and its outputs.
    settings
        The knobs of the run.
    annotations
        The labels that the user has ``"scribbled"`` on some pixels, and another segmentation as
        ``"guidance"``, where there are such.

    Returns
    -------
    numpy.ndarray
        (H, W), the labels that were written.

    Raises
    ------
    SegmentationError
        If the image cannot be read or segmented, or an output cannot be written.
    """
    image = plan.open()
    training = TrainingPlanes.read(image, [image.axes.first])
    (plane,) = training.planes
    within = read_mask(plan.within, plane.shape[1:]) if plan.within else None
    annotated = {name: file.read(image.axes.plane_shape) for name, file in annotations.items()}
    result = yield from run(training.prepare(settings, within=within, **annotated))
    if plan.network:
        training.keep_network(result).save(plan.network)
    recipe = training.describe_result(result)
    write_outputs(plan, image, plane, Labelled(result.labels, result.label_tree), recipe)
    return result.labels


def read_mask(path: Path, shape: tuple[int, ...]) -> RegionOfInterest:
    """Read the mask that a run on planes of a shape, (H, W), is limited to: an image above 0.

    Raises
    ------
    FileError
        If the file cannot be read.
    ImageError
        If it has not the plane's shape, or is 0 throughout.
    """
    with name_in_errors(path):
        channels = read_plane(path)
        return RegionOfInterest.of(channels[0] if len(channels) == 1 else channels, shape)


def label_file(plan: FilePlan, network: TrainedNetwork) -> int:
    """Label one image file by a network trained before, and write its outputs.

    The recipe that the labels get is that of the network: its source is what it was trained on.

    Parameters
    ----------
    plan
        The image and its outputs.
    network
        The network.

    Returns
    -------
    int
        How many labels there are.

    Raises
    ------
    SegmentationError
        If the image cannot be read, has another number of channels, or an output cannot be
        written.
    """
    image = plan.open()
    network.check_channels(image.channels, str(plan.image))
    channels = image.read_first()
    labelled = network.label_and_keep(channels)
    write_outputs(plan, image, network.scaling.apply(channels), labelled, network.recipe)
    return len(np.unique(labelled.labels))


def write_outputs(
    plan: FilePlan,
    image: StackImage,
    plane: Plane,
    labelled: Labelled,
    recipe: Recipe | MethodRecord,
) -> None:
    """Write the label map of an image, with what made it, and its picture where one is wanted.

    Raises
    ------
    FileError
        If an output cannot be written.
    """
    labels, tree = labelled
    write_label_map(plan.labels, labels, recipe, image, tree)
    if plan.preview:
        write_preview(plan.preview, plane, labels)
