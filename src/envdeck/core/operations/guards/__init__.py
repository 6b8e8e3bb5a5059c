"""Guards: what stands between a person and an accident."""
