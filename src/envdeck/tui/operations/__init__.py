"""The Operations screen."""
