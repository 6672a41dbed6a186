"""The step on a GPU, by torch: matrix products, and on CUDA one recording of the whole step."""
