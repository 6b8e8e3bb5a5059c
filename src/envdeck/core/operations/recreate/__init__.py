"""Recreate: the same packages in a new environment."""
