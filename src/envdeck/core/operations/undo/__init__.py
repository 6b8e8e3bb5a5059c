"""Undo, an operation itself."""
