"""The step on the CPU, written out by hand."""
