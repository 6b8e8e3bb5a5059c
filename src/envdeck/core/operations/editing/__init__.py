"""Edits of one file of a project: planned, shown, journalled, exchanged and taken back."""
