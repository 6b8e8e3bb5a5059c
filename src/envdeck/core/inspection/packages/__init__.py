"""The distributions of an environment, read from their metadata."""
