"""Label maps as arrays: numbering, matching, edits, outlines, measurements, compressed maps."""
