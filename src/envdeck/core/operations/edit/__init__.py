"""Edits of one dotenv file: planned, journalled, exchanged, undone."""
