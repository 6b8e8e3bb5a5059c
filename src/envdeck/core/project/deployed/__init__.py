"""Which Pythons a project is built, tested and deployed with: one source of them a file."""
