"""A label map made again from its recipe, or its like on another image."""

import warnings
from collections.abc import Generator, Sequence
from typing import Any

from napari_dynaseg.counting import write_count
from napari_dynaseg.errors import ImageError, ImageWarning
from napari_dynaseg.generators import run_through
from napari_dynaseg.image.pixels import Plane
from napari_dynaseg.labels.numbering import LabelMap
from napari_dynaseg.labels.run_length import apply
from napari_dynaseg.method.refine import train_on
from napari_dynaseg.method.run import Result, run
from napari_dynaseg.method.run_input import RunInput
from napari_dynaseg.method.step import Step
from napari_dynaseg.recipes.recipe import Recipe, Source
from napari_dynaseg.settings import Settings


def replay(plane: Plane, recipe: Recipe, companions: Sequence[Plane] = ()) -> LabelMap:
    """Make a label map again from its recipe, or its like on another image.

    Parameters
    ----------
    plane
        float32, shape (C, H, W), as `napari_dynaseg.image.pixels.to_plane` gives it.
    recipe
        What made the label map.
    companions
        The other planes that it was trained on, where the recipe's source names some.

    Returns
    -------
    numpy.ndarray
        int32, shape (H, W). On the same image and machine it equals the labels the recipe came
        with, whatever the number of threads: scribbled, refined and painted as they were.

    Raises
    ------
    FileError
        If what was painted cannot be read.
    ImageError
        If there are not as many companions as the recipe names.

    Warns
    -----
    ImageWarning
        If something was scribbled or painted, or guided the run, and this is another image, where
        that is left out.
    """
    return run_through(iter_replay(plane, recipe, companions))[0]


def iter_replay(
    plane: Plane, recipe: Recipe, companions: Sequence[Plane] = ()
) -> Generator[Step, Settings | None, tuple[LabelMap, Result]]:
    """Replay as `replay` does, yielding each step; return the labels, and the first training."""
    given = prepare_replay((plane, *companions), recipe)
    result = yield from run(given)
    if not is_source(plane, recipe):
        return result.labels, result
    refined = _refine_again(plane, recipe, result)
    return apply(refined, recipe.corrections, recipe.source.position), result


def _refine_again(plane: Plane, recipe: Recipe, result: Result) -> LabelMap:
    """Refine the labels of a plane in the order in which it was done, where it was painted."""
    position, settings = recipe.source.position, result.given.settings
    labels, weights, numbers = result.labels, result.step.weights, result.table
    for refinement in recipe.refinements:
        if refinement.position != position:
            warnings.warn(
                "what was refined by the paint of another plane is left out",
                ImageWarning,
                stacklevel=4,
            )
            continue
        _, shown, painted = refinement.paint(labels, position)
        knobs = settings.change(**refinement.settings)
        refined = run_through(
            train_on(plane, knobs, weights, numbers, shown, painted, recipe.within)
        )
        labels, weights, numbers = refined.labels, refined.step.weights, refined.numbers
    return labels


def prepare_replay(planes: Sequence[Plane], recipe: Recipe, *, is_whole: bool = False) -> RunInput:
    """Make the input of a run again from its recipe.

    Parameters
    ----------
    planes
        The one that is segmented, then the companions that the recipe's source names. On another
        image nothing is scribbled, and nothing guides.
    is_whole
        Whether every pixel is labelled where the recipe is of a sketch.

    Raises
    ------
    FileError
        If scribbles or the guidance cannot be read.
    ImageError
        If there are not as many companions as the recipe names, or the run was limited to a
        part of a plane of another shape.
    """
    if len(planes) - 1 != len(recipe.source.companions):
        expected = write_count(len(recipe.source.companions), "further plane")
        raise ImageError(f"the recipe was made from {expected} of its stack; got {len(planes) - 1}")
    return RunInput(
        tuple(planes),
        recipe.read_settings(),
        within=recipe.within,
        scribbled=decode_annotation(planes[0], recipe, "scribbles"),
        guidance=decode_annotation(planes[0], recipe, "guidance"),
        numbering=recipe.numbering,
        numbered_at=recipe.numbered_at,
        changes={change.iteration: Settings(**change.settings) for change in recipe.changes},
        last_iteration=recipe.last_iteration,
        is_sketch=recipe.is_sketch and not is_whole,
    )


def decode_annotation(plane: Plane, recipe: Recipe, name: str) -> LabelMap | None:
    """Read scribbles or a guidance, (H, W), for the plane that a recipe was made from.

    Parameters
    ----------
    plane
        Another one gets `None`, as where the recipe has none.
    recipe
        Holds them.
    name
        Of its field: ``"scribbles"`` or ``"guidance"``.

    Raises
    ------
    FileError
        If they cannot be read.
    """
    if not getattr(recipe, name) or Source.of(plane, "").sha256 != recipe.source.sha256:
        return None
    return recipe.decode_annotation(name, plane.shape[1:])


def list_repeated(recipe: Recipe | None, source: Source) -> dict[str, Any]:
    """List the fields of a recipe that a replay takes over, for what was done by hand afterwards.

    Parameters
    ----------
    recipe
        What is replayed; `None` if nothing is.
    source
        The image that it is replayed on; another one than the recipe's takes over nothing.
    """
    if recipe is None or recipe.source.sha256 != source.sha256:
        return {}
    return {"refinements": recipe.refinements, "corrections": recipe.corrections}


def is_source(plane: Plane, recipe: Recipe) -> bool:
    """Tell whether a plane is the one that the recipe was made from.

    Warns
    -----
    ImageWarning
        If it is another, and something was painted on the labels of that one, or scribbled, or
        it was guided.
    """
    is_same = Source.of(plane, recipe.source.name).sha256 == recipe.source.sha256
    name = recipe.source.name
    left_out = []
    if recipe.scribbles or recipe.refinements or recipe.corrections:
        left_out.append(f"what was painted on the labels of {name}")
    if recipe.guidance:
        left_out.append(f"the guidance of {name}")
    if left_out and not is_same:
        warnings.warn(
            f"{' and '.join(left_out)} {'are' if left_out[1:] else 'is'} left out: this is another "
            "image",
            ImageWarning,
            stacklevel=3,
        )
    return is_same
