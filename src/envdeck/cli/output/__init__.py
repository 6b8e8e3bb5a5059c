"""Writing for a terminal, a pipe, or a program."""
