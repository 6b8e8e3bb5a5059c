"""Machine, Interpreters and Unreadable."""
