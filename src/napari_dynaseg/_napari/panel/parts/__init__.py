"""Pieces that the panel is put together from."""
