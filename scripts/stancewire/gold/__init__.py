"""Room: gold."""
