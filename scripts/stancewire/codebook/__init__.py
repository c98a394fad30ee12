"""Room: codebook."""
