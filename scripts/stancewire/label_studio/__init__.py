"""Room: label_studio."""
