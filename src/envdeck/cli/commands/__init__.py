"""One command a file: its words for the help, its arguments, and what it does."""
