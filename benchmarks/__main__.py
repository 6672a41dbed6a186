"""``python -m benchmarks``, from a checkout."""

import sys

from benchmarks.commands import benchmark
from napari_dynaseg.cli.messages import run_app

# The processes that share out runs load this module as well.
if __name__ == "__main__":
    sys.exit(run_app(benchmark, sys.argv[1:], "python -m benchmarks"))
