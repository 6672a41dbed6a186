"""Plot what `python -m benchmarks cost --json FILE` measured; needs matplotlib.

``python tools/plot_cost.py FILE docs/pictures/cost.png``
"""

import json
import sys
from pathlib import Path

from matplotlib import pyplot


def main(measured: str, picture: str) -> None:
    """Plot seconds and gigabytes against the side of the image, on logarithmic axes."""
    rows = json.loads(Path(measured).read_text())["rows"]
    sides = [row["side"] for row in rows]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    left.plot(sides, [row["seconds"] for row in rows], "o-", color="#2a6f97")
    left.set_ylabel("seconds to the final labels")
    right.plot(sides, [row["process_bytes"] / 1e9 for row in rows], "o-", color="#a44a3f")
    right.set_ylabel("peak of the whole process, GB")
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.set_xticks(sides, [f"{side}²" for side in sides])
        axes.set_xlabel("pixels of the image")
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
    figure.savefig(picture, dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
