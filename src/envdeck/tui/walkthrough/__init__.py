"""The walkthrough of a project."""
