"""The Pythons that a project is built, tested and deployed with."""
