"""Changing an environment without losing anything: plan, show, run, verify, commit, undo."""
