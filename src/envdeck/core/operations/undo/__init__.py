"""Undo: an operation of its own."""
