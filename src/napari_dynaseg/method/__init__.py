"""The paper: weighting, subsampling, scribbles, guidance, part of the image, training."""
