"""Superpixels merged two by two into a tree, as the image says, and what a network says of it."""
