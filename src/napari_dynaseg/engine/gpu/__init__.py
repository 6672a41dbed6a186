"""The step on a GPU, by torch, recorded once and played again."""
