"""Room: reprints."""
