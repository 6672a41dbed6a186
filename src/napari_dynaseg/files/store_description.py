"""What a store of labels is made for, and in what two of them differ."""

from typing import Any, Literal, Self

from napari_dynaseg.errors import ImageError
from napari_dynaseg.image.axes import Axes
from napari_dynaseg.record import Record

# What an image is called, where it lies and how large its pixels are: the labels do not depend on
# them, and the viewer knows other ones of a file than the command line does.
NAMES: Any = {"axes": {"names"}, "recipe": {"image", "path"}, "scale": True, "units": True}
# Entries that are hashes, and what it means that they differ.
HASHES = {
    "recipe.network": "its labels come from another network",
    "recipe.replay": "it replays another recipe",
}


class Description(Record):
    """What a store is made for.

    Parameters
    ----------
    axes
        How the axes of the image are read.
    scale, units
        Size and unit of a pixel on each axis of the image; empty where they are not known.
    recipe
        What makes the labels, as plain values.
    """

    format: Literal[1] = 1
    axes: Axes
    scale: tuple[float, ...] = ()
    units: tuple[str, ...] = ()
    recipe: dict[str, Any]

    @classmethod
    def describe(
        cls,
        axes: Axes,
        recipe: dict[str, Any],
        scale: tuple[float, ...] = (),
        units: tuple[str, ...] = (),
    ) -> Self:
        """Describe a store.

        Raises
        ------
        ImageError
            If scale or units have not one entry for each axis.
        """
        for name, entries in (("scale", scale), ("units", units)):
            if len(entries) not in (0, len(axes.sizes)):
                raise ImageError(f"{name} must have one entry for each axis; got {entries}")
        return cls(axes=axes, scale=scale, units=units, recipe=recipe)

    def list_differences(self, there: Self) -> list[str]:
        """List in which entries another description differs from this one, names left aside."""
        there_plain, plain = (each.model_dump(mode="json", exclude=NAMES) for each in (there, self))
        return _compare(there_plain, plain)


def _compare(there: Any, here: Any, where: str = "") -> list[str]:
    """List in which entries two recipes or descriptions differ."""
    if isinstance(there, dict) and isinstance(here, dict):
        return [
            difference
            for key in {**there, **here}
            for difference in _compare(
                there.get(key, "nothing"), here.get(key, "nothing"), f"{where}.{key}".lstrip(".")
            )
        ]
    if there == here:
        return []
    return [HASHES.get(where, f"{where} is {there!r} there and {here!r} here")]
