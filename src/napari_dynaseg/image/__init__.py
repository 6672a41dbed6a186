"""What is segmented: axes, intensities, files, stacks, lazy arrays, drawn samples."""
