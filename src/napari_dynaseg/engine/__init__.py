"""The arithmetic of a run: the loss and all gradients of one step, and the labels of any plane."""
