"""Room: judgements."""
