"""History and Trash."""
