"""Room: agreement."""
