"""Many planes: strategies, the plan of a run, workers, lazy arrays."""
