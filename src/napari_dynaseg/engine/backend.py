"""The one place that imports torch.

torch takes seconds to load, and on Windows its load order against Qt has mattered before; with
one import, a remedy has one home. Only the engine imports this module.
"""

import os

# Idle threads of torch's pool sleep instead of spinning: on few cores a spinning thread takes
# the core that the viewer, or another thread of the pool, is waiting for. It must be said
# before torch loads, and only if the user has not said otherwise.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch

__all__ = ["torch"]
