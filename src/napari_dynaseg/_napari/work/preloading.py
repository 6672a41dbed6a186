"""Load the engine in a thread of its own, and tell whether that still goes on."""

import threading
from contextlib import suppress
from importlib import import_module

NAME = "ready napari-dynaseg"


def preload_engine() -> threading.Thread:
    """Load off the main thread what the first run needs, so that it need not wait for it."""
    thread = threading.Thread(target=_warm_up, name=NAME)
    thread.start()
    return thread


def is_preloading() -> bool:
    """Tell whether a run that begins now waits for the engine: long, the first time."""
    return any(thread.name == NAME for thread in threading.enumerate())


def _warm_up() -> None:
    from napari_dynaseg.engine.warm_up import warm_up
    from napari_dynaseg.regions.tree import warm_up_tree

    # napari chooses the colours of its first Labels layer with this.
    import_module("skimage.color")
    import_module("napari_dynaseg.method.run")
    # An interpreter that ends meanwhile starts no threads; all else a run would say itself.
    with suppress(RuntimeError):
        warm_up()
        warm_up_tree()
