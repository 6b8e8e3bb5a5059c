"""The command line: text for people, JSON for programs, one command a file."""
