"""Delete: to the trash, or for good."""
