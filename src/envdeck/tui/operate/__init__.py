"""From a key to an operation, and to its end."""
