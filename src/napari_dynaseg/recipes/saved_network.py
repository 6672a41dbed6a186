"""A saved network put to use on other images: what may still be chosen, and where it is kept."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_dynaseg.errors import FileError, ImageError, SettingsError
from napari_dynaseg.recipes.trained_network import ENDING, TrainedNetwork
from napari_dynaseg.settings import Settings

# The knobs that say how a network is used; the others made it.
CHOSEN_IN_USE = ("strategy", "follow_iterations", "device")


def use_network(network: TrainedNetwork, knobs: Mapping[str, Any]) -> TrainedNetwork:
    """Give a trained network as it is used with some knobs.

    Parameters
    ----------
    network
        The network.
    knobs
        The settings to change, by name: ``strategy``, ``follow_iterations`` and ``device``.

    Raises
    ------
    SettingsError
        If a knob is one that the network was trained with, or its value is out of range.
    """
    for name in knobs:
        if name in Settings.model_fields and name not in CHOSEN_IN_USE:
            raise SettingsError(
                f"{name} cannot change in a network that is trained; only "
                f"{', '.join(CHOSEN_IN_USE)} can"
            )
    settings = network.settings.change(**knobs)
    recipe = network.recipe.model_copy(update={"settings": settings.model_dump()})
    return replace(network, recipe=recipe)


def check_channels(network: TrainedNetwork, channels: int, name: str) -> None:
    """Refuse an image that has not as many channels as a network was trained on.

    Raises
    ------
    ImageError
        If it has not.
    """
    expected = len(network.scaling.ends)
    if channels != expected:
        raise ImageError(
            f"{name}: the number of channels must be that of the network, {expected}; "
            f"got {channels}"
        )


def check_ending(path: Path) -> None:
    """Refuse, before any work, a file that no network is kept in.

    Raises
    ------
    FileError
        If its name does not end as it must.
    """
    if not path.name.endswith(ENDING):
        raise FileError(f"a network is kept in a file that ends in {ENDING}; got {path}")
