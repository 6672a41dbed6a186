"""Superpixels merged two by two into a tree, as the image and the networks say."""
