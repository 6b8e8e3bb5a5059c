"""Reading what was found, without running anything from it."""
