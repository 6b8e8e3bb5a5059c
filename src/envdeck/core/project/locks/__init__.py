"""Lock files, one format a module."""
