"""How long the tree of a plane takes to build and to cut, and how much memory that takes."""

import time
from typing import Any

from benchmarks.peak_memory import watch
from benchmarks.processes import answer, run_apart

COARSE, USUAL, FINE = 0.0, 50.0, 100.0


def measure_tree(side: int, channels: int) -> dict[str, float]:
    """Build and cut the tree of a drawn square image, in a fresh process.

    Returns
    -------
    dict
        ``superpixels``; ``seconds`` of building it, and of ``megapixel`` each; ``cut``: seconds of
        the slowest of three cuts; ``bytes``: growth of the process to its peak.
    """
    return run_apart(__name__, {"side": side, "channels": channels})


def _measure(request: dict[str, Any]) -> dict[str, float]:
    from napari_dynaseg.image.pixels import to_plane
    from napari_dynaseg.image.synthetic import draw_image
    from napari_dynaseg.regions.tree import build_tree, warm_up_tree

    warm_up_tree()
    side = request["side"]
    plane = to_plane(draw_image(side, side, request["channels"]))
    trees = []
    figures = watch(lambda: trees.append(build_tree(plane)))
    tree, cuts = trees[0], []
    for detail in (COARSE, USUAL, FINE):
        started = time.perf_counter()
        tree.cut(detail)
        cuts.append(time.perf_counter() - started)
    megapixels = side * side / 1e6
    return {
        "superpixels": tree.count_regions(float("inf")),
        "seconds": figures["seconds"],
        "megapixel": figures["seconds"] / megapixels,
        "cut": max(cuts),
        "bytes": figures["bytes"],
    }


if __name__ == "__main__":
    answer(_measure)
