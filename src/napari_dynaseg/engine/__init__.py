"""The arithmetic of a run: the loss and all gradients of one step, and the labels of any plane.

Read first ``plain_step``, the papers' step in plain torch, and ``network``, which it trains. All
else computes the same faster: ``trainer`` leads a training; ``cpu.gradients`` is the step on the
CPU, which cuts a plane by ``cpu.grid`` and goes up through ``cpu.network_layers`` (convolved by
``cpu.winograd``) and ``head`` to ``cpu.response`` and back; ``gpu.device_step`` is the step on a
GPU. ``targets`` and ``guides`` say what the response map is drawn to. ``apply`` labels a plane of
any size by a trained network, tile by tile. ``backend`` alone imports torch.
"""
