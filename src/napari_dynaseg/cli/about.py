"""What is installed here, and what it computes on."""

import platform
from importlib.metadata import version

from napari_dynaseg.engine.devices import describe_backend, list_devices


def describe_installation() -> dict[str, str]:
    """Say which versions and devices are at hand, one line each."""
    packages = ("napari-dynaseg", "napari", "npe2", "magicgui", "torch", "numpy")
    backend = describe_backend("auto")
    return {
        **{package: version(package) for package in packages},
        "python": f"{platform.python_version()} on {platform.platform()}",
        "devices": f"{', '.join(list_devices())} (auto takes {backend['device']})",
        "threads": str(backend["threads"]),
    }
